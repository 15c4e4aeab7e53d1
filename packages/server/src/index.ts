export type { BudgetOptions } from './request/budget.ts'
export { afterResponse, type CurrentRequest, currentRequest } from './request/current-request.ts'
export type { Health, HealthCheck } from './health/health.ts'
export { type HealthyClient, readiness, type ReadinessClients } from './health/readiness.ts'
export { HttpProblem, type HttpProblemInit } from './problems/http-problem.ts'
export type { HttpServer } from './listening/http-server.ts'
export {
  idempotent,
  type IdempotentContext,
  type IdempotentHandler,
} from './idempotency/idempotent.ts'
export type {
  CallerOf,
  HandlerEffects,
  IdempotentOptions,
} from './idempotency/idempotent-options.ts'
export type {
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
  KeyClaim,
  ReleaseTo,
  StoredAnswer,
} from './idempotency/idempotency-store.ts'
export type { App, FetchApp, FetchHandler, NodeListener } from './listening/app.ts'
export type { ProbeOptions, StatusOptions } from './health/probes.ts'
export type { AdaptiveLimitOptions, LimitOption } from './overload/limit-option.ts'
export type { RequestPriority } from './overload/request-priority.ts'
export { problem } from './problems/problem.ts'
export { type Problem, type ProblemAnswer, problemOf } from './problems/problem-of.ts'
export type { RequestLine, RequestLog } from './request/request-log.ts'
export type { RequestScopeOptions } from './request/request-options.ts'
export { serve } from './listening/serve.ts'
export type { ServeOptions, WireLimits } from './listening/serve-options.ts'
export { ServerError, type ServerErrorCode } from './server-error.ts'
export type { TraceContext } from './request/trace-context.ts'
export { writeProblem } from './problems/write-problem.ts'
