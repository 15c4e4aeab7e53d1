export { notFound, onError } from './frameworks/express-problems.ts'
export { type RequestScope, requestScope } from './scopes/request-scope.ts'
