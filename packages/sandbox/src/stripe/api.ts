import { authenticate } from './authentication.ts'
import { checkoutSessionRoutes } from './checkout-sessions.ts'
import { customerRoutes } from './customers.ts'
import { applyDueChanges } from './due.ts'
import { StripeFailure } from './error.ts'
import { eventRoutes } from './events.ts'
import { expand } from './expand.ts'
import { parseForm } from './form.ts'
import { newId } from './id.ts'
import { claimKey, findReply, type KeysInFlight } from './idempotency.ts'
import { intentRoutes } from './intents.ts'
import { invoiceRoutes } from './invoices.ts'
import type { JsonObject } from '../json.ts'
import { list, readParameters, text } from './parameters.ts'
import { portalSessionRoutes } from './portal-sessions.ts'
import { priceRoutes } from './prices.ts'
import { productRoutes } from './products.ts'
import type { RequestLog } from '../request-log.ts'
import type { Route } from './route.ts'
import { apiVersion, type StripeService } from './service.ts'
import { subscriptionRoutes } from './subscriptions.ts'

export const apiRoutes: readonly Route[] = [
  ...checkoutSessionRoutes,
  ...customerRoutes,
  ...eventRoutes,
  ...intentRoutes,
  ...invoiceRoutes,
  ...portalSessionRoutes,
  ...priceRoutes,
  ...productRoutes,
  ...subscriptionRoutes,
]

export interface ApiOptions {
  readonly secretKey: string
  readonly log: RequestLog
  readonly inFlight: KeysInFlight
  serviceFor(request: { id: string; idempotencyKey: string | null }): StripeService
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
  return Response.json(result.body, {
    status: result.status,
    headers: {
      'request-id': requestId,
      'stripe-version': request.headers.get('stripe-version') ?? apiVersion,
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
  const service = options.serviceFor({ id: requestId, idempotencyKey })
  applyDueChanges(service)
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
  const { answer, unstarted } = execute(service, route, id, requestId, encoded)
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
  route: Route,
  id: string,
  requestId: string,
  encoded: string,
): { answer: Answer; unstarted: boolean } {
  try {
    const { expand: expandForm, ...form } = parseForm(encoded)
    const paths = expandForm === undefined ? [] : list(text()).read(expandForm, 'expand')
    const parameters = readParameters(route.parameters, form)
    const body = expand(service, route.run(service, { id, parameters } as never), paths)
    return { answer: { status: 200, body }, unstarted: false }
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    const answer = { status: error.status, body: error.toBody(requestId) }
    return { answer, unstarted: error.details.unstarted === true }
  }
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
