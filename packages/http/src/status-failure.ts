import type { Outcome } from '@yuzuru/concurrency'
import { type CallContext, outcomeOnceSent } from './call-context.ts'
import { type HttpAnswer, HttpError, type HttpErrorCode } from './http-error.ts'
import { contextOf, type HttpResponse } from './http-response.ts'
import { redactHeaders, redactText, redactUrl, secretsOf } from './redact.ts'
import { parseRetryAfter } from './retry-after.ts'
import { TRANSIENT_STATUSES } from './retry-policy.ts'

/** How much of an answer's body an error keeps. */
const SHOWN_BYTES = 4_096

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
): Promise<HttpError> {
  const { status } = response
  const context = contextOf(response)
  const url = redactUrl(context.url)
  return new HttpError(`${context.method} ${url} answered ${status}`, {
    code: codeOf(status),
    method: context.method,
    url,
    retryable: TRANSIENT_STATUSES.has(status),
    outcome: outcomeOfStatus(context, status),
    retryAfterMs,
    answer: await answerOf(response, secretsOf(context.headers)),
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

async function answerOf(response: HttpResponse, secrets: readonly string[]): Promise<HttpAnswer> {
  const { bytes, cut } = await firstBytes(response)
  const shown = redactText(new TextDecoder().decode(bytes), secrets)
  return {
    status: response.status,
    headers: redactHeaders(response.headers),
    body: shown,
    json: cut ? undefined : parsed(shown),
  }
}

/** What came of the body, as far as it is kept: that it broke off does not hide the status. */
async function firstBytes(
  response: HttpResponse,
): Promise<{ readonly bytes: Uint8Array; readonly cut: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size > SHOWN_BYTES) break
    }
  } catch (error) {
    if (!HttpError.isInstance(error)) throw error
    return { bytes: Buffer.concat(chunks).subarray(0, SHOWN_BYTES), cut: true }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, SHOWN_BYTES), cut: size > SHOWN_BYTES }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
