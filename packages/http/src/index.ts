export type { AddressPolicy, ResolvedAddress } from './address-policy.ts'
export type { HttpBreakerOptions } from './breaker.ts'
export type { HedgeOptions } from './hedge.ts'
export { type CloseOptions, createHttp, type Http, type HttpStats } from './http.ts'
export { type HttpAnswer, HttpError, type HttpErrorCode, type HttpErrorInit } from './http-error.ts'
export { HttpHeaders, type RawHeaders } from './http-headers.ts'
export type { HttpOptions, HttpTimeouts } from './http-options.ts'
export type {
  HttpHandler,
  HttpInit,
  HttpInterceptor,
  HttpRequest,
  QueryValue,
  RedirectMode,
} from './http-request.ts'
export { HttpResponse, type LocalAnswer } from './http-response.ts'
export type { HttpProxy, HttpProxyOptions } from './proxy.ts'
export type { BodyContent, RequestBody } from './request-body.ts'
export type { HttpRetryOptions } from './retry-policy.ts'
export type { HttpTls } from './tls.ts'
