export { jobScope, type JobView } from './executors/job-scope.ts'
export { moved } from './executors/moved.ts'
