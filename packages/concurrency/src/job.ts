export { jobScope, type JobView } from './job-scope.ts'
export { moved } from './moved.ts'
