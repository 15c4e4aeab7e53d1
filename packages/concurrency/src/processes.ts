export type {
  AnyJobs,
  Executor,
  InlineJob,
  Job,
  JobArguments,
  JobName,
  JobOptions,
  JobValue,
} from './executors/executor.ts'
export {
  ExecutorError,
  type ExecutorErrorCode,
  type ExecutorErrorInit,
  WorkerCrashed,
} from './executors/executor-error.ts'
export type { ContextVariable, ExecutorOptions } from './executors/executor-options.ts'
export { processes, type ProcessesOptions } from './executors/process-executor.ts'
