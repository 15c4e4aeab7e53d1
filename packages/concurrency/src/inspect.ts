export { printTaskTreeOn } from './print-task-tree.ts'
export {
  formatTaskTree,
  taskTree,
  type TaskTreeNode,
  type TaskTreeWait,
  trackWaits,
} from './task-tree.ts'
export {
  watchEventLoop,
  type EventLoopBlock,
  type WatchEventLoopOptions,
} from './watch-event-loop.ts'
