import type { Outcome } from '@yuzuru/concurrency'
import type { Redaction } from '@yuzuru/concurrency/boundary'
import { type CallContext, outcomeOnceSent } from '../errors/call-context.ts'
import { type HttpAnswer, HttpError, type HttpErrorCode } from '../errors/http-error.ts'
import { contextOf, type HttpResponse } from './http-response.ts'
import type { RequestBody } from '../request/request-body.ts'
import { parseRetryAfter } from './retry-after.ts'
import { redactionFor } from './sent-secrets.ts'
import { shownHeaders, shownUrl } from '../errors/shown-parts.ts'

/** The statuses that may be gone the next time. */
export const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** How much of an answer's body an error keeps. */
const SHOWN_BYTES = 4_096

/** How much of it is read for that: a secret that begins in what is kept is to be seen whole. */
const READ_BYTES = 4 * SHOWN_BYTES

const CODES: Readonly<Record<number, HttpErrorCode>> = {
  304: 'not_modified',
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'not_found',
  412: 'precondition_failed',
  422: 'bad_request',
  428: 'precondition_failed',
  429: 'rate_limited',
  503: 'unavailable',
}

/** The error for an answer whose status is not accepted. Reads what it keeps, gives up the rest. */
export async function statusFailure(
  response: HttpResponse,
  retryAfterMs: number | undefined,
  sent: RequestBody | undefined,
): Promise<HttpError> {
  const { status } = response
  const context = contextOf(response)
  const url = shownUrl(context.url)
  return new HttpError(`${context.method} ${url} answered ${status}`, {
    code: codeOf(status),
    method: context.method,
    url,
    retryable: TRANSIENT_STATUSES.has(status),
    outcome: outcomeOfStatus(context, status),
    retryAfterMs,
    answer: await answerOf(response, redactionFor(context, sent)),
  })
}

/** The milliseconds that an answer asks us to wait. */
export function retryAfterOf(response: HttpResponse): number | undefined {
  return parseRetryAfter(response.headers.get('retry-after'), response.headers.get('date'))
}

function codeOf(status: number): HttpErrorCode {
  const code = CODES[status]
  if (code !== undefined) return code
  if (status >= 500) return 'server_error'
  if (status >= 400) return 'refused'
  return status >= 300 ? 'redirected' : 'unexpected_status'
}

/**
 * Whether the effect may have happened although the status says no (RFC 9110, 15).
 *
 * A 4xx says that the request was not, and will not be, acted upon; 501 and 505 that it was not
 * understood; 307 and 308 that it is to be sent elsewhere instead. All else is left open:
 *
 * - 408 and 499 are also what a gateway answers when the server behind it was too slow.
 * - A gateway makes 500, 502, 503 and 504 of a request that it has passed on, and gives its 503 a
 *   `Retry-After` then too (Varnish's `vcl_backend_error` does).
 * - 303 comes after success, and in practice so do 301 and 302 after a POST.
 */
export function outcomeOfStatus(context: CallContext, status: number): Outcome {
  const once = outcomeOnceSent(context)
  if (context.acted === true || LEFT_OPEN.has(status)) return once
  if (status >= 400 && status <= 499) return 'none'
  return NOT_ACTED_UPON.has(status) ? 'none' : once
}

const LEFT_OPEN: ReadonlySet<number> = new Set([408, 499])
const NOT_ACTED_UPON: ReadonlySet<number> = new Set([304, 307, 308, 501, 505])

async function answerOf(response: HttpResponse, redaction: Redaction): Promise<HttpAnswer> {
  const { bytes, isCut } = await firstBytes(response)
  // As a stream: a character that was cut in two is left out.
  const text = new TextDecoder().decode(bytes, { stream: isCut })
  const shown = redaction.body(text, isCut)
  const body = beginningOf(shown.text)
  return {
    status: response.status,
    headers: shownHeaders(response.headers, redaction),
    body,
    json: body.length < shown.text.length ? undefined : shown.json,
  }
}

/** What came of the body, as far as it is read: that it broke off does not hide the status. */
async function firstBytes(
  response: HttpResponse,
): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size > READ_BYTES) break
    }
  } catch (error) {
    if (!HttpError.isInstance(error)) throw error
    return { bytes: Buffer.concat(chunks).subarray(0, READ_BYTES), isCut: true }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, READ_BYTES), isCut: size > READ_BYTES }
}

/** As much of a text as an error keeps, without splitting a character. */
function beginningOf(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(SHOWN_BYTES))
  return text.slice(0, read)
}
