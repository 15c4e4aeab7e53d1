export { asCompleted, type AsCompletedOptions } from './tasks/as-completed.ts'
export { mapConcurrent, type MapConcurrentOptions } from './tasks/map-concurrent.ts'
export type { Completed } from './tasks/settled.ts'
