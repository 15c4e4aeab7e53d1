export { drainJobs, type Drained } from './drain-jobs.ts'
export { exerciseJobs, type JobsCase, type JobsSubject } from './exercise-jobs.ts'
