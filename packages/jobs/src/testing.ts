export { drainJobs, type Drained } from './testing/drain-jobs.ts'
export { exerciseJobs } from './testing/exercise/exercise-jobs.ts'
export type { JobsFixture } from './testing/exercise/jobs-fixture.ts'
