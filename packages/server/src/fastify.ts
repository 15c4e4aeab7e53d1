export { notFound, onError } from './frameworks/fastify-problems.ts'
export { type FastifyScopeOptions, requestScope } from './frameworks/fastify-scope.ts'
