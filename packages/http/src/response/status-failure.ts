import type { Outcome } from '@yuzuru/concurrency'
import {
  codeOfStatus,
  outcomeOfStatus,
  type Redaction,
  retryAfterMs,
  TRANSIENT_STATUSES,
} from '@yuzuru/concurrency/boundary'
import type { CallContext } from '../errors/call-context.ts'
import { type HttpAnswer, HttpError, type HttpErrorCode } from '../errors/http-error.ts'
import { contextOf, type HttpResponse, isReadAway, unreadBytes } from './http-response.ts'
import type { RequestBody } from '../request/request-body.ts'
import { saysExpired } from '../request/budget.ts'
import { outcomeInProblem } from './problem-outcome.ts'
import { redactionFor } from './sent-secrets.ts'
import { shownHeaders, shownUrl } from '../errors/shown-parts.ts'

/** How much of an answer's body an error keeps. */
const SHOWN_BYTES = 4_096

/** How much of it is read for that: a secret that begins in what is kept is to be seen whole. */
const READ_BYTES = 4 * SHOWN_BYTES

/** The error for an answer whose status is not accepted. Reads what it keeps, gives up the rest. */
export async function statusFailure(
  response: HttpResponse,
  sent: RequestBody | undefined,
): Promise<HttpError> {
  const { status } = response
  const context = contextOf(response)
  const url = shownUrl(context.url)
  const retryAfter = retryAfterOf(response)
  const isUnderWay = retryAfter !== undefined && isHeldKey(context, status)
  const wasRead = isReadAway(response)
  const body = await beginningOf(response)
  return new HttpError(`${context.method} ${url} answered ${status}`, {
    code: isExpired(response) ? 'deadline_expired' : codeOf(status),
    method: context.method,
    url,
    retryable: TRANSIENT_STATUSES.has(status) || isUnderWay,
    outcome: outcomeOfRefusal(context, response, body.text, body.isCut || wasRead),
    retryAfterMs: retryAfter,
    answer: answerOf(response, body, redactionFor(context, sent)),
  })
}

function outcomeOfRefusal(
  context: CallContext,
  { status, headers }: HttpResponse,
  text: string,
  isCut: boolean,
): Outcome {
  const outcome = outcomeOfAnswer(context, status)
  if (outcome === 'unknown' || context.effect === 'read') return outcome
  return outcomeInProblem(headers.get('content-type'), text, isCut) ?? outcome
}

/**
 * Whether the effect of a request may have happened although its answer says no: by the status, and by what a problem says.
 * The body is left as it is, for whoever reads it; one that has not come yet may say anything.
 */
export function outcomeSoFar(context: CallContext, response: HttpResponse): Outcome {
  const bytes = unreadBytes(response)
  const isCut = bytes === undefined || bytes.byteLength > READ_BYTES
  return outcomeOfRefusal(context, response, isCut ? '' : new TextDecoder().decode(bytes), isCut)
}

/** The milliseconds that an answer asks us to wait. */
export function retryAfterOf(response: HttpResponse): number | undefined {
  return retryAfterMs(response.headers.get('retry-after'), response.headers.get('date'))
}

function isExpired({ status, headers }: HttpResponse): boolean {
  return saysExpired(status, (name) => headers.get(name))
}

function codeOf(status: number): HttpErrorCode {
  if (status === 304) return 'not_modified'
  return status >= 300 && status <= 399 ? 'redirected' : codeOfStatus(status)
}

/** Whether the effect may have happened although the status says no. */
function outcomeOfAnswer(context: CallContext, status: number): Outcome {
  if (context.acted === true || isHeldKey(context, status)) return 'unknown'
  return outcomeOfStatus(status, context.effect)
}

/**
 * Whether an answer says that an earlier request has the idempotency key: that one is under way, or nobody
 * knows what became of it. So the effect may happen, although this request had none
 * (draft-ietf-httpapi-idempotency-key-header-07, 2.7).
 */
function isHeldKey({ headers }: CallContext, status: number): boolean {
  return status === 409 && headers['idempotency-key'] !== undefined
}

function answerOf(
  response: HttpResponse,
  { text, isCut }: Beginning,
  redaction: Redaction,
): HttpAnswer {
  const shown = redaction.body(text, isCut)
  const body = shortened(shown.text)
  return {
    status: response.status,
    headers: shownHeaders(response.headers, redaction),
    body,
    json: body.length < shown.text.length ? undefined : shown.json,
  }
}

/** What is read of a body. */
interface Beginning {
  readonly text: string
  readonly isCut: boolean
}

async function beginningOf(response: HttpResponse): Promise<Beginning> {
  const { bytes, isCut } = await firstBytes(response)
  // As a stream: a character that was cut in two is left out.
  return { text: new TextDecoder().decode(bytes, { stream: isCut }), isCut }
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
function shortened(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(SHOWN_BYTES))
  return text.slice(0, read)
}
