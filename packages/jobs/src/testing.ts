export { drainJobs, type Drained } from './testing/drain-jobs.ts'
export { exerciseJobs, type JobsFixture } from './testing/exercise-jobs.ts'
