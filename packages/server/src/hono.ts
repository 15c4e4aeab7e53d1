export { notFound, onError } from './frameworks/hono-problems.ts'
export { type HonoRequestScope, requestScope } from './frameworks/hono-scope.ts'
