import { sql } from 'kysely'
import { jobStats } from '@yuzuru/jobs'
import { sleep } from '@yuzuru/concurrency'
import type { Sandbox } from '@yuzuru/sandbox'
import type { App } from '../app.ts'
import { isDone, type Operation } from './ledger.ts'
import type { Office } from './offices.ts'

/** One thing that must hold, and what was found. */
export interface Finding {
  readonly what: string
  readonly found: string
  readonly holds: boolean
}

/** How often the queue is looked at, and for how long at the most, in milliseconds. */
const LOOK_MS = 100
const DRAIN_MS = 240_000

/**
 * Waits until the workers have done all there is to do. What waits for another time (a repeat after a
 * failure, the look after an upload) is done now, as it would be later.
 *
 * @returns how many jobs are left when that takes too long
 */
export async function drainJobs({ db }: App): Promise<number> {
  for (const until = performance.now() + DRAIN_MS; ;) {
    await sql`update yuzuru_jobs set run_at = now() where stage = 1 and run_at > now()`.execute(db)
    const { waiting, running } = await jobStats(db)
    if (waiting + running === 0 || performance.now() > until) return waiting + running
    await sleep(LOOK_MS)
  }
}

/** Compares what the callers were told with what there is. */
export async function reconcile(
  app: App,
  { s3, smtp, stripe, google }: Sandbox,
  manager: Office,
  operations: readonly Operation[],
): Promise<Finding[]> {
  const plans = Map.groupBy(
    await app.db.selectFrom('plans').selectAll().execute(),
    ({ title }) => title,
  )
  const reminders = smtp.inbox.messages.filter(({ subject }) => subject.includes('承認されました'))
  const mails = Map.groupBy(reminders, ({ subject }) => subject.split(': ').at(-1) ?? '')
  const keys = new Set(await s3.keys(app.settings.storage.bucket))
  const wrong: string[] = []
  const fault = (operation: Operation, text: string): void => {
    wrong.push(`${operation.title} (${operation.kind}): ${text}`)
  }
  const events = Map.groupBy(
    google.events(manager.email).filter(({ status }) => status !== 'cancelled'),
    ({ summary }) =>
      typeof summary === 'string' ? summary.replace('支援計画の会議: ', '') : undefined,
  )
  const checkSubscription = async (operation: Operation): Promise<void> => {
    const { office, claims } = operation
    const customers = stripe.customers().filter(({ email }) => email === office?.email)
    const subscriptions = stripe
      .subscriptions()
      .filter(({ customer }) => customers.some(({ id }) => id === customer))
    const charges = stripe
      .invoices()
      .filter(
        ({ customer, status, amount_paid: paid }) =>
          status === 'paid' && paid > 0 && customers.some(({ id }) => id === customer),
      )
    const { subscription } = await app.billing.status(office?.id ?? '')
    if (customers.length > 1) fault(operation, `${customers.length} customers`)
    if (subscriptions.length > 1 || !agrees(claims.subscribe, subscriptions.length === 1)) {
      fault(operation, `${subscriptions.length} subscriptions`)
    }
    if (charges.length !== subscriptions.length) {
      fault(operation, `${charges.length} charges`)
    }
    if (subscription?.id !== subscriptions[0]?.id) fault(operation, 'the app knows another one')
  }
  let repeats = 0
  const pointedAt = new Set<string>()
  for (const operation of operations) {
    const { title, claims } = operation
    const rows = plans.get(title) ?? []
    const [plan] = rows
    if (rows.length > 1) fault(operation, `${rows.length} plans`)
    if (!agrees(claims.create, plan !== undefined)) fault(operation, `plan ${claims.create}`)
    if (!agrees(claims.approve, plan?.status === 'approved')) {
      fault(operation, `approval ${claims.approve}, but it is ${plan?.status}`)
    }
    const received = mails.get(title) ?? []
    const ids = new Set(received.map(({ messageId }) => messageId))
    repeats += received.length - ids.size
    const wanted = plan?.status === 'approved' ? 1 : 0
    if (ids.size !== wanted) fault(operation, `${ids.size} mails in place of ${wanted}`)
    if (operation.kind === 'meet') {
      const found = events.get(title)?.length ?? 0
      if (found > 1 || !agrees(claims.meet, found === 1)) fault(operation, `${found} events`)
    }
    if (operation.kind === 'subscribe') await checkSubscription(operation)
    const key = plan?.document_key ?? undefined
    if (!agrees(claims.upload, key !== undefined)) fault(operation, `upload ${claims.upload}`)
    if (key === undefined) continue
    pointedAt.add(key)
    if (!keys.has(key)) fault(operation, 'its object is missing')
    if (plan?.document_sha256 !== operation.sha256) fault(operation, 'its document is another one')
  }
  const orphans = [...keys].filter((key) => !pointedAt.has(key))
  const parts = await s3.uploads(app.settings.storage.bucket)
  const { failed } = await jobStats(app.db)
  const done = operations.filter(isDone).length
  return [
    {
      what: 'what was accepted exists once: rows, objects, charges, events, mails',
      found: wrong.length === 0 ? `${done} of ${operations.length} operations` : wrong.join('\n'),
      holds: wrong.length === 0,
    },
    { what: 'mails that came again, with the same Message-ID', found: `${repeats}`, holds: true },
    { what: 'objects that nothing points at', found: `${orphans.length}`, holds: !orphans.length },
    { what: 'parts of uploads that nobody ends', found: `${parts.length}`, holds: !parts.length },
    { what: 'jobs given up', found: `${failed}`, holds: failed === 0 },
  ]
}

/** Whether what there is agrees with what the caller may claim. */
function agrees(claim: Operation['claims']['create'], exists: boolean): boolean {
  if (claim === 'unknown') return true
  return (claim === 'done') === exists
}
