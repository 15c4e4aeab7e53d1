import { randomUUID } from 'node:crypto'
import { outcomeOf } from '@yuzuru/concurrency'
import { expectFunction, expectText } from '@yuzuru/concurrency/boundary'
import { Attempt } from './attempt.ts'
import { bookkeeping, release } from './bookkeeping.ts'
import { isForm, keyInForm } from './form-key.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import type { ClaimRequest, ClaimResult, IdempotencyStore } from './idempotency-store.ts'
import { type IdempotentOptions, idempotentSettings } from './idempotent-options.ts'
import { bytesWithin } from './kept-bytes.ts'
import { keyProblem } from './key-problems.ts'
import { requestHash } from './request-hash.ts'
import { replayedAnswer } from './stored-answer.ts'

/** What a handler gets beside its request. */
export interface IdempotentContext<Tx> {
  /** The transaction in which the answer is stored: what is done in it commits with the answer, or not at all. */
  readonly tx: Tx
  /**
   * For calls to other services: the same at each attempt at this request, and for no other request. For a
   * second call append something of your own.
   */
  readonly idempotencyKey: string
}

/** A handler that is called once for each key; `rest` is what else the framework gives it. */
export type IdempotentHandler<Tx, Rest extends readonly unknown[] = []> = (
  request: Request,
  context: IdempotentContext<Tx>,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Makes a handler that does what a request asks once for each `Idempotency-Key`, however often it is sent
 * (draft-ietf-httpapi-idempotency-key-header-07). A repeat gets the stored answer with
 * `Idempotent-Replayed: true`; 409 with `Retry-After` while the first is under way; 422 if it is another
 * request; 400 without a key. A form of a browser sends it in a field: see `keyField`.
 *
 * A final answer is stored: 2xx, 3xx, and 4xx whether returned or thrown as an `HttpProblem`. After 5xx, 408,
 * 425, 429, another error or a cancel the key is free for a repeat, as far as `effects` says that this is
 * safe. The request's body is read before the handler is called, which gets one with the same body.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @returns a handler that throws what the handler threw, unless that is a final answer
 * @example
 * const approve = idempotent(
 *   async (request, { tx }) => {
 *     const { planId } = (await request.json()) as { planId: string }
 *     await plans.update(tx, planId, { status: 'approved' })
 *     return Response.json({ planId })
 *   },
 *   { store: kyselyIdempotencyStore(db), caller: (request) => accountOf(request) },
 * )
 * app.post('/approvals', (c) => approve(c.req.raw))
 */
export function idempotent<Tx, Rest extends readonly unknown[] = []>(
  handler: IdempotentHandler<Tx, Rest>,
  options: IdempotentOptions<Tx, Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  expectFunction('handler', handler)
  const { caller, maxBodyBytes, keyField, ...settings } = idempotentSettings(options)
  const { store, effects, leaseMs, ttlMs } = settings
  return async (request, ...rest) => {
    const { method, url, headers } = request
    const accept = headers.get('accept')
    const from = await caller(request, ...rest)
    expectText('the caller', from)
    const contentType = headers.get('content-type') ?? ''
    const header = headers.get('idempotency-key')
    const field = header === null && isForm(contentType) ? keyField : undefined
    // Before the body is read, where that cannot have a key.
    const early = field === undefined ? readIdempotencyKey(header) : undefined
    if (early !== undefined && 'fault' in early) return keyProblem(early.fault, accept)
    const body = await bodyOf(request, maxBodyBytes)
    if (body === undefined) return keyProblem('too_large', accept)
    const read = early ?? readIdempotencyKey(keyInForm(body, field as string))
    if ('fault' in read) return keyProblem(read.fault, accept)
    const hash = requestHash({ caller: from, key: read.key, method, url, contentType, body })
    const { id, fingerprint, downstreamKey } = hash
    const claim = { id, token: randomUUID() }
    const repeatable = effects !== 'once'
    const result = await claimed(store, { ...claim, fingerprint, repeatable, leaseMs, ttlMs })
    if (result.state === 'answered') return replayedAnswer(result.answer)
    if (result.state !== 'claimed') return keyProblem(result.state, accept)
    // Anew each time: a transaction that is repeated calls it again.
    const handle = (tx: Tx): Response | Promise<Response> =>
      handler(withBody(request, body), { tx, idempotencyKey: downstreamKey }, ...rest)
    return await new Attempt<Tx>({ ...settings, claim, accept, handle }).run()
  }
}

/** Takes the key; if it is unknown whether that succeeded, gives it back. */
async function claimed(
  store: Pick<IdempotencyStore, 'claim' | 'release'>,
  request: ClaimRequest,
): Promise<ClaimResult> {
  try {
    return await bookkeeping('claim key', () => store.claim(request))
  } catch (error) {
    if (outcomeOf(error) !== 'none') await release(store, request, 'free')
    throw error
  }
}

async function bodyOf(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.bodyUsed) {
    throw new TypeError('Expected a request whose body is still to be read, got one that was read')
  }
  const length = Number(request.headers.get('content-length') ?? 0)
  return length > maxBytes ? undefined : await bytesWithin(request, maxBytes)
}

/** The same request, whose body can be read again. */
function withBody(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  const hasNone = request.method === 'GET' || request.method === 'HEAD'
  return new Request(request, hasNone ? {} : { body })
}
