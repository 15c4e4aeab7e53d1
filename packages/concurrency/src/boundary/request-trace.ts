/** What the subscribers of `tracing:yuzuru:request:*` get of a request that is served: the same object from start to end. */
export interface RequestEvent {
  /** `GET /plans/:id`: the same for all requests of a kind, without ids. */
  readonly name: string
  readonly method: string
  /** The path as it may be shown: without ids and without a query. */
  readonly path: string
  readonly scheme: 'http' | 'https'
  /** The `Host` header, as the client sent it. */
  readonly host: string | undefined
  /** `'1.1'` */
  readonly protocolVersion: string
  /** The span of the caller, by the request's `traceparent` and `tracestate`. */
  readonly parent: RequestParent | undefined
  /** Set by what traces the request, before its handler begins: the log then has the same trace. */
  trace?: { readonly traceId: string; readonly sampled: boolean } | undefined
  /** The status of the answer, set before `asyncEnd`; `undefined` if the client left before there was one. */
  status?: number | undefined
  /** What the answer failed with, where that is the server's failure; set before `asyncEnd`. */
  error?: unknown
}

/** The span of the caller of a request. */
export interface RequestParent {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
  readonly state: string | undefined
}
