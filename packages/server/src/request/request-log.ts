import { isThenable } from './is-thenable.ts'
import { warnOf } from './warn-of.ts'

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

/** Writes the line of a request. A log that fails costs no request: it is warned of, without its words. */
export function writeLine(
  log: RequestLog | undefined,
  request: { readonly name: string; line(): RequestLine },
): void {
  try {
    const logged: unknown = log?.info(request.line(), request.name)
    if (isThenable(logged)) Promise.resolve(logged).catch(warnOfLog)
  } catch (error) {
    warnOfLog(error)
  }
}

function warnOfLog(error: unknown): void {
  warnOf('log.info', error, 'RequestLogWarning')
}
