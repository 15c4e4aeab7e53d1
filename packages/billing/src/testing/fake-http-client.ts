import { checkpoint, describeValue, sleep } from '@yuzuru/concurrency'
import { expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { HttpError } from '@yuzuru/http'
import { Stripe } from 'stripe'
import { ROUTES } from './fake-routes.ts'
import { type FakeReply, type FakeState, refusal } from './fake-state.ts'

/** What goes wrong with one request of the fake. */
export interface FakeFault {
  /** Only for a request whose line (`POST /v1/customers`) begins so. @default any request */
  readonly when?: string | undefined
  /**
   * `'lost-reply'`: it is done and the answer does not come; `'refused'`: no connection comes about;
   * `'server-error'`: 500, nothing is done; `'silence'`: it is not done, and never answered.
   */
  readonly fault: 'lost-reply' | 'refused' | 'server-error' | 'silence'
}

const FAULTS: readonly unknown[] = ['lost-reply', 'refused', 'server-error', 'silence']

/** Throws on a fault that no request would ever meet: a test that expects it would pass for nothing. */
function expectFault(given: unknown): void {
  expectObject('the fault', given)
  expectOptions(given, ['when', 'fault'], 'failNext')
  const { fault, when } = given as Readonly<Record<string, unknown>>
  if (!FAULTS.includes(fault)) {
    const got = typeof fault === 'string' ? `'${fault}'` : describeValue(fault)
    throw new TypeError(`Expected fault to be one of '${FAULTS.join("', '")}', got ${got}`)
  }
  if (when !== undefined && !(typeof when === 'string' && /^[A-Z]+(?: \/|$)/.test(when))) {
    const got = typeof when === 'string' ? JSON.stringify(when) : describeValue(when)
    throw new TypeError(`Expected when to begin as 'POST /v1/customers' does, got ${got}`)
  }
}

/** Answers stripe-node from memory. Obeys the ambient scope. */
export class FakeHttpClient extends Stripe.HttpClient {
  readonly #state: FakeState
  readonly #faults: FakeFault[] = []

  constructor(state: FakeState) {
    super()
    this.#state = state
  }

  failNext(fault: FakeFault): void {
    expectFault(fault)
    this.#faults.push(fault)
  }

  override getClientName(): string {
    return 'yuzuru-fake'
  }

  override async makeRequest(
    _host: string,
    _port: string,
    path: string,
    method: string,
    headers: object,
    body: string,
  ): Promise<FakeResponse> {
    const [pathname = '', query = ''] = path.split('?')
    const key = (headers as Readonly<Record<string, string | undefined>>)['Idempotency-Key']
    const fault = this.#takeFault(`${method} ${pathname}`)
    if (fault === 'refused') throw failure(method, pathname, 'connection_failed')
    if (fault === 'silence') await sleep(Infinity)
    if (fault === 'server-error')
      return new FakeResponse(refusal(500, 'Something went wrong', apiError))
    const request = { method, pathname, fields: new URLSearchParams(body || query), body }
    const reply = await this.#answerOnce(key, request)
    if (fault === 'lost-reply') throw failure(method, pathname, 'connection_lost')
    return new FakeResponse(reply)
  }

  #takeFault(line: string): FakeFault['fault'] | undefined {
    const at = this.#faults.findIndex(({ when = '' }) => line.startsWith(when))
    return at === -1 ? undefined : this.#faults.splice(at, 1)[0]?.fault
  }

  async #answerOnce(key: string | undefined, request: FakeRequest): Promise<FakeReply> {
    const { inFlight, replies } = this.#state
    if (key === undefined || request.method !== 'POST') {
      await checkpoint()
      return answer(this.#state, request)
    }
    if (inFlight.has(key)) return refusal(409, 'In use', { code: 'idempotency_key_in_use' })
    const fingerprint = `${request.pathname} ${request.body}`
    const stored = replies.get(key)
    if (stored !== undefined) {
      if (stored.fingerprint !== fingerprint) {
        return refusal(400, 'The key was used for something else', { type: 'idempotency_error' })
      }
      return { ...stored.reply, headers: { 'idempotent-replayed': 'true' } }
    }
    inFlight.add(key)
    try {
      await checkpoint()
      const reply = answer(this.#state, request)
      if (reply.status < 400) {
        replies.set(key, { fingerprint, reply: structuredClone(reply) })
      }
      return reply
    } finally {
      inFlight.delete(key)
    }
  }
}

const apiError = { type: 'api_error' }

interface FakeRequest {
  readonly method: string
  readonly pathname: string
  readonly fields: URLSearchParams
  readonly body: string
}

function answer(state: FakeState, { method, pathname, fields }: FakeRequest): FakeReply {
  const exact = ROUTES[`${method} ${pathname}`]
  if (exact !== undefined) return exact(state, fields, '')
  const parts = pathname.split('/')
  // The id stands last, or before what is done with it.
  for (const at of [parts.length - 1, parts.length - 2]) {
    const route = ROUTES[`${method} ${parts.with(at, ':id').join('/')}`]
    if (route !== undefined) return route(state, fields, parts[at] ?? '')
  }
  return refusal(
    404,
    `Unrecognized request URL (${method}: ${pathname}): the fake has no such path`,
  )
}

/** What the transport throws. */
function failure(
  method: string,
  pathname: string,
  code: 'connection_failed' | 'connection_lost',
): HttpError {
  const sent = code === 'connection_lost' && method !== 'GET'
  return new HttpError(`${method} ${pathname} failed: ${code}`, {
    code,
    method,
    url: pathname,
    retryable: true,
    outcome: sent ? 'unknown' : 'none',
  })
}

class FakeResponse extends Stripe.HttpClientResponse {
  readonly #reply: FakeReply

  constructor(reply: FakeReply) {
    super(reply.status, { 'request-id': 'req_fake', ...reply.headers })
    this.#reply = reply
  }

  override getRawResponse(): object {
    return { headers: this.getHeaders() }
  }

  override async toJSON(): Promise<unknown> {
    return structuredClone(this.#reply.body)
  }
}
