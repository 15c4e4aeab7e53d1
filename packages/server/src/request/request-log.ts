/** What a finished request is logged to: pino, or anything with its `info(object, message)`. */
export interface RequestLog {
  info(fields: RequestLine, message: string): void
}

/** One line a request. It has no query, no header and no body, as these may hold secrets. */
export interface RequestLine {
  readonly requestId: string
  readonly traceId: string
  readonly method: string
  /** `GET /plans/:id` */
  readonly route: string
  /** The status of the answer; 499 if the client left before there was one. */
  readonly status: number
  readonly durationMs: number
  /** Of a failure that is the server's (5xx): the error itself, with its stack. */
  readonly err?: unknown
}

/** The status that a log line has for a client that left before the answer (as nginx writes it). */
export const CLIENT_GONE = 499
