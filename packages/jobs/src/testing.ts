export { drainJobs, type Drained } from './testing/drain-jobs.ts'
export { exerciseJobs, type JobsCase, type JobsSubject } from './testing/exercise-jobs.ts'
