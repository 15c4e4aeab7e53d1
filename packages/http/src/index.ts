export type { AddressPolicy, ResolvedAddress } from './connections/address-policy.ts'
export type { HttpBreakerOptions } from './attempts/breaker.ts'
export type { HttpBudgetOptions } from './request/budget.ts'
export type { HedgeOptions } from './attempts/hedge.ts'
export type { CloseOptions } from '@yuzuru/concurrency/boundary'
export { createHttp, type Http, type HttpStats } from './http.ts'
export {
  type HttpAnswer,
  HttpError,
  type HttpErrorCode,
  type HttpErrorInit,
} from './errors/http-error.ts'
export { HttpHeaders, type RawHeaders } from './response/http-headers.ts'
export type { HttpOptions, HttpTimeouts } from './http-options.ts'
export type { HttpHandler, HttpInterceptor } from './attempts/interceptor.ts'
export type { HttpInit, QueryValue, RedirectMode } from './request/http-init.ts'
export type { HttpRequest } from './request/http-request.ts'
export { HttpResponse, type LocalAnswer } from './response/http-response.ts'
export type { HttpProxy, HttpProxyOptions } from './connections/proxy.ts'
export type { BodyContent, RequestBody } from './request/request-body.ts'
export type { HttpRetryOptions } from './attempts/retry-policy.ts'
export type { HttpTls } from './connections/tls.ts'
export type { CallRetry, RetryWhen } from './request/retry-when.ts'
