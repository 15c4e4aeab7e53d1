import type { JsonObject } from '../../json.ts'
import type { RequestLog } from '../../request-log.ts'
import { newId } from '../core/id.ts'
import { apiVersion, type StripeService } from '../core/service.ts'
import { authenticate } from './authentication.ts'
import { StripeFailure } from './error.ts'
import { expand, type Hidden } from './expand.ts'
import { parseForm } from './form.ts'
import { claimKey, findReply, type KeysInFlight } from './idempotency.ts'
import { list, readParameters, text } from './parameters.ts'
import type { Route } from './route.ts'
import { failureOf, type Troubles } from './troubles.ts'
import { fromVersion, inVersion } from './versions.ts'

export interface ApiOptions {
  readonly secretKey: string
  readonly log: RequestLog
  readonly hidden: Hidden
  readonly inFlight: KeysInFlight
  readonly troubles: Troubles
  /** Does what the clock has made due, before a request and after it. */
  catchUp(service: StripeService): void
  serviceFor(request: {
    id: string
    idempotencyKey: string | null
    version?: string
  }): StripeService
}

interface Answer {
  readonly status: number
  readonly body: JsonObject
  readonly replayOf?: string
}

/** Answers one API request: key, parameters, idempotency, the handler, `expand`, Stripe's headers. */
export async function answer(
  options: ApiOptions,
  request: Request,
  route: Route | undefined,
  id: string,
): Promise<Response> {
  const requestId = newId('req', 14)
  const { pathname } = new URL(request.url)
  const key = request.headers.get('idempotency-key') ?? ''
  const idempotencyKey = request.method === 'POST' && key !== '' ? key : null
  let result: Answer
  try {
    result = await handle(options, request, route, { id, requestId, idempotencyKey, pathname })
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    result = { status: error.status, body: error.toBody(requestId) }
  }
  const replayed = result.replayOf !== undefined
  options.log.add({
    method: request.method,
    path: pathname,
    status: result.status,
    requestId,
    replayed,
    ...(idempotencyKey === null ? {} : { idempotencyKey }),
  })
  const version = request.headers.get('stripe-version') ?? apiVersion
  return Response.json(inVersion(result.body, version), {
    status: result.status,
    headers: {
      'request-id': requestId,
      'stripe-version': version,
      ...(result.status === 429 ? { 'stripe-rate-limited-reason': 'global-rate' } : {}),
      ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
      ...(replayed ? { 'idempotent-replayed': 'true', 'original-request': result.replayOf } : {}),
    },
  })
}

async function handle(
  options: ApiOptions,
  request: Request,
  route: Route | undefined,
  call: { id: string; requestId: string; idempotencyKey: string | null; pathname: string },
): Promise<Answer> {
  const { id, requestId, idempotencyKey, pathname } = call
  if (!route) {
    throw new StripeFailure(
      404,
      `Unrecognized request URL (${request.method}: ${pathname}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    )
  }
  authenticate(request.headers.get('authorization') ?? undefined, options.secretKey)
  // Claimed before the body is read: a request that is still being sent holds its key.
  using _claim = idempotencyKey === null ? null : claimKey(options.inFlight, idempotencyKey)
  const encoded = await formOf(request)
  const version = request.headers.get('stripe-version') ?? apiVersion
  const service = options.serviceFor({ id: requestId, idempotencyKey, version })
  options.catchUp(service)
  const fingerprint = canonical(encoded)
  const { method } = request
  if (idempotencyKey !== null) {
    const stored = findReply(
      service.state,
      idempotencyKey,
      { method, path: pathname, fingerprint },
      service.now(),
    )
    if (stored) return { status: stored.status, body: stored.body, replayOf: stored.requestId }
  }
  const trouble = options.troubles.take(method, pathname)
  const { answer, unstarted } = execute(service, options.hidden, {
    route,
    id,
    requestId,
    encoded,
    version,
    trouble,
  })
  if (idempotencyKey !== null && !unstarted) {
    const { status, body } = answer
    const createdAt = service.now()
    service.state.idempotency[idempotencyKey] = {
      method,
      path: pathname,
      fingerprint,
      createdAt,
      requestId,
      status,
      body,
    }
  }
  return answer
}

/** Runs the handler. What was refused before it started is not remembered for its key. */
function execute(
  service: StripeService,
  hidden: Hidden,
  call: {
    route: Route
    id: string
    requestId: string
    encoded: string
    version: string
    trouble: ReturnType<Troubles['take']>
  },
): { answer: Answer; unstarted: boolean } {
  const { id, route, trouble } = call
  try {
    if (trouble !== undefined && trouble !== 'error_after') throw failureOf(trouble)
    const { expand: expandForm, ...form } = parseForm(call.encoded)
    const paths = expandForm === undefined ? [] : list(text()).read(expandForm, 'expand')
    const parameters = readParameters(route.parameters, fromVersion(form, call.version))
    if (paths.length > 0 && route.method !== 'GET') {
      tryExpand(service.rehearsal(), hidden, paths, (rehearsed) =>
        route.run(rehearsed, { id, parameters } as never),
      )
    }
    const reply = structuredClone(route.run(service, { id, parameters } as never))
    const body = expand(service.state, hidden, reply, paths)
    if (trouble !== undefined) throw failureOf(trouble)
    return { answer: { status: 200, body }, unstarted: false }
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    const answer = { status: error.status, body: error.toBody(call.requestId) }
    return { answer, unstarted: error.details.unstarted === true }
  }
}

/** A write whose reply can't be expanded is refused before it is done. */
function tryExpand(
  rehearsed: StripeService,
  hidden: Hidden,
  paths: readonly string[],
  run: (rehearsed: StripeService) => JsonObject,
): void {
  let reply: JsonObject
  try {
    reply = run(rehearsed)
  } catch (error) {
    // What is refused in itself is refused when it is done, with what it leaves.
    if (error instanceof StripeFailure) return
    throw error
  }
  expand(rehearsed.state, hidden, reply, paths)
}

async function formOf(request: Request): Promise<string> {
  const { search } = new URL(request.url)
  const query = search.slice(1)
  if (request.method === 'GET') return query
  const body = await request.text()
  const type = request.headers.get('content-type') ?? ''
  if (body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw new StripeFailure(
      400,
      `Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.`,
      { unstarted: true },
    )
  }
  return [query, body].filter((part) => part !== '').join('&')
}

/** Equal for equal parameters in any order. */
function canonical(encoded: string): string {
  return [...new URLSearchParams(encoded)]
    .map((pair) => JSON.stringify(pair))
    .sort()
    .join('\n')
}
