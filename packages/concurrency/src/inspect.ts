export type { EventLoopBlock } from './inspect/event-loop-block.ts'
export { printTaskTreeOn } from './inspect/print-task-tree.ts'
export {
  formatTaskTree,
  taskTree,
  type TaskTree,
  type TaskTreeNode,
  type TaskTreeOptions,
  type TaskTreeWait,
  trackWaits,
} from './inspect/task-tree.ts'
export { watchEventLoop, type WatchEventLoopOptions } from './inspect/watch-event-loop.ts'
