export type {
  AnyJobs,
  Executor,
  Job,
  JobArguments,
  JobName,
  JobOptions,
  JobValue,
} from './executor.ts'
export {
  ExecutorError,
  type ExecutorErrorCode,
  type ExecutorErrorInit,
  WorkerCrashed,
} from './executor-error.ts'
export type { ContextVariable, ExecutorOptions } from './executor-options.ts'
export { processes, type ProcessesOptions } from './process-executor.ts'
