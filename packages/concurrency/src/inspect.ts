export { printTaskTreeOn } from './print-task-tree.ts'
export {
  formatTaskTree,
  taskTree,
  type TaskTree,
  type TaskTreeNode,
  type TaskTreeOptions,
  type TaskTreeWait,
  trackWaits,
} from './task-tree.ts'
export {
  watchEventLoop,
  type EventLoopBlock,
  type WatchEventLoopOptions,
} from './watch-event-loop.ts'
