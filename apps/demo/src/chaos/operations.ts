import { createHash, randomUUID } from 'node:crypto'
import { sleep } from '@yuzuru/concurrency'
import { samplePdf } from '../day/sample-pdf.ts'
import type { Sandbox } from '@yuzuru/sandbox'
import type { Call, Caller } from './caller.ts'
import type { Claim, Operation } from './ledger.ts'
import type { Office } from './offices.ts'

/** What an operation is done with. */
export interface Stage {
  readonly caller: Caller
  readonly manager: Office
  readonly stripe: Sandbox['stripe']
}

/** How often a caller tries one thing, and the first pause between, in milliseconds. */
const ATTEMPTS = 8
const PAUSE_MS = 250
const SMALL_BYTES = 64 * 1_024
/** Sent in parts. */
const LARGE_BYTES = 9 * 1_024 * 1_024

/**
 * Does what a stubborn person does: tries again until it is done, with the same form. What was said on
 * the way is kept: `not-done` is claimed only if every answer promised that nothing has changed.
 *
 * @param isDone what an answer other than a success may show: the earlier try was done
 */
async function insist(
  attempt: () => Promise<Call>,
  isDone: (call: Call) => boolean = () => false,
): Promise<{ readonly claim: Claim; readonly call: Call }> {
  let claim: Claim = 'not-done'
  for (let tried = 1; ; tried += 1) {
    const call = await attempt()
    if (call.heard === 'ok') return { claim: 'done', call }
    if (isDone(call)) return { claim: claim === 'unknown' ? 'done' : claim, call }
    if (call.outcome !== 'none') claim = 'unknown'
    if (tried === ATTEMPTS) return { claim, call }
    await sleep(Math.min(PAUSE_MS * 2 ** tried, 4_000))
  }
}

/** Makes a plan: the form has one key, however often it is sent. */
async function createPlan({ caller, manager }: Stage, operation: Operation): Promise<boolean> {
  const form = { title: operation.title, key: randomUUID() }
  const { claim, call } = await insist(() =>
    caller.submit('create', manager.session, '/plans', form),
  )
  operation.claims.create = claim
  if (claim === 'done') operation.planId = lastSegment(call.location)
  return claim === 'done'
}

/** Of an address, which says in its query what was done. */
function lastSegment(location = ''): string | undefined {
  return new URL(location, 'http://127.0.0.1').pathname.split('/').at(-1)
}

/** A plan that is approved: a mail goes to each of the staff. */
async function approve(stage: Stage, operation: Operation): Promise<void> {
  if (!(await createPlan(stage, operation))) return
  const path = `/api/v1/plans/${operation.planId}/approve`
  const send = (): Promise<Call> =>
    stage.caller.call('approve', stage.manager.session, path, { method: 'POST', json: {} })
  // It is no draft any more: the try before has approved it.
  const { claim } = await insist(send, ({ code }) => code.startsWith('404'))
  operation.claims.approve = claim
}

/** A plan and its document. */
async function upload(stage: Stage, operation: Operation, bytes: number): Promise<void> {
  if (!(await createPlan(stage, operation))) return
  const pdf = samplePdf(bytes)
  operation.sha256 = createHash('sha256').update(pdf).digest('hex')
  const send = (): Promise<Call> =>
    stage.caller.call(
      'upload',
      stage.manager.session,
      `/api/v1/plans/${operation.planId}/document`,
      {
        method: 'PUT',
        headers: { 'x-filename': 'plan.pdf' },
        body: pdf,
      },
    )
  const { claim } = await insist(send)
  operation.claims.upload = claim
}

/** An office takes out its subscription: on Stripe's page, once it has got there. */
async function subscribe({ caller, stripe }: Stage, operation: Operation): Promise<void> {
  const { office } = operation
  if (office === undefined) return
  const { claim, call } = await insist(() =>
    caller.submit('subscribe', office.session, '/billing/checkout', {}),
  )
  operation.claims.subscribe = claim === 'done' ? 'unknown' : claim
  if (claim !== 'done') return
  const page = stripe.checkoutSessions().find(({ url }) => url === call.location)
  await stripe.completeCheckout(page?.id ?? '')
  operation.claims.subscribe = 'done'
}

/** A plan, and its next meeting in the office's calendar. */
async function meet(stage: Stage, operation: Operation): Promise<void> {
  if (!(await createPlan(stage, operation))) return
  const path = `/plans/${operation.planId}/meeting`
  const form = { startsAt: '2099-04-01T10:00' }
  const { claim } = await insist(() =>
    stage.caller.submit('meet', stage.manager.session, path, form),
  )
  operation.claims.meet = claim
}

/** Does one operation of the load, and notes what its caller may claim. */
export async function perform(stage: Stage, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'approve':
      return await approve(stage, operation)
    case 'upload':
      return await upload(stage, operation, SMALL_BYTES)
    case 'large upload':
      return await upload(stage, operation, LARGE_BYTES)
    case 'subscribe':
      return await subscribe(stage, operation)
    case 'meet':
      return await meet(stage, operation)
  }
}
