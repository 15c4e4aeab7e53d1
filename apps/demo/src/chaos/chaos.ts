import { gather, taskGroup } from '@yuzuru/concurrency'
import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import { migrateApp, openApp } from '../app.ts'
import { allowCalendar } from '../day/allow-calendar.ts'
import { startBalancer } from './balancer.ts'
import { type Call, Caller } from './caller.ts'
import { checkDone } from './done.ts'
import { planFaults, type Target } from './faults.ts'
import { checkCalls, checkHealth, heapsOf } from './health.ts'
import { planOperations } from './ledger.ts'
import { openLoop } from './load.ts'
import { Member } from './member.ts'
import { openOffice } from './offices.ts'
import { perform, type Stage } from './operations.ts'
import type { ChaosOptions } from './options.ts'
import { drainJobs, type Finding, reconcile } from './reconcile.ts'
import { checkMet, type Strike, strikeInTurn } from './strikes.ts'
import { startChaosWorld } from './world.ts'

/** Where the app's programs are. */
export interface Programs {
  readonly web: string
  readonly worker: string
}

/** The result of a run. */
export interface ChaosResult {
  readonly findings: readonly Finding[]
  readonly strikes: readonly Strike[]
  readonly calls: readonly Call[]
}

/** How many operations come before the first fault. After them memory is at its base. */
const WARM_UP = 10

/** Runs the app under load while faults strike it, and compares what was promised with what there is. */
export async function chaos(
  { seed, operations: count, rate }: ChaosOptions,
  programs: Programs,
  note: (line: string) => void,
): Promise<ChaosResult> {
  await using balancer = await startBalancer()
  const publicUrl = `http://127.0.0.1:${balancer.port}`
  await using world = await startChaosWorld(publicUrl)
  const { sandbox, settings } = world
  await using app = await openApp(world.direct, 4)
  await migrateApp(app.db)
  const manager = await openOffice(app, 'manager')
  await allowCalendar(app, manager)
  const faults = planFaults(seed)
  // The load, and one more operation for each fault, which is certain to meet it.
  const probed = WARM_UP + count
  const wanted = faults.map(({ kind }, turn) => [probed + turn, kind] as const)
  const operations = planOperations(seed, probed + faults.length, new Map(wanted))
  for (const [index, operation] of operations.entries()) {
    if (operation.kind !== 'subscribe') continue
    operation.office = await openOffice(app, `office${index}`)
    // The trial is over, so that the office is charged at once.
    const at = Date.now()
    await kyselyBillingStore(app.db).openAccount(operation.office.id, {
      now: at - 2,
      trialEndsAt: at - 1,
    })
  }

  await using stack = new AsyncDisposableStack()
  const lines: string[] = []
  const onLine = (line: string): void => {
    lines.push(line)
    note(line)
  }
  const member = async (name: string, script: string): Promise<Member> =>
    stack.use(await Member.start({ name, script, settings, onLine }))
  const members = await gather([
    () => member('web 1', programs.web),
    () => member('web 2', programs.web),
    () => member('worker 1', programs.worker),
    () => member('worker 2', programs.worker),
  ])
  const [web1, web2, ...workers] = members
  const webs = [web1, web2]
  balancer.balanceOver(() => webs.map(({ port }) => port))

  const began = performance.now()
  const now = (): number => performance.now() - began
  const caller = stack.use(new Caller(publicUrl, now))
  const stage: Stage = { caller, manager, stripe: sandbox.stripe }
  const act = (operation: (typeof operations)[number]): Promise<void> => perform(stage, operation)
  await openLoop(operations.slice(0, WARM_UP), rate, act, () => undefined)
  await drainJobs(app)
  const floor = await heapsOf(members)

  const target: Target = { world, webs, workers }
  const strikes: Strike[] = faults.map((fault) => ({ fault, struckAt: 0, overAt: 0 }))
  const probe = async (strike: Strike): Promise<void> => {
    const operation = operations[probed + strikes.indexOf(strike)]
    if (operation !== undefined) await act(operation)
  }
  // The first fault has its own part of the load.
  const rest = WARM_UP + Math.ceil(count / faults.length)
  const strike = (some: readonly Strike[], during: typeof operations): Promise<void> =>
    taskGroup(async (group) => {
      const reached = strikeInTurn(some, during.length, target, group, now, probe)
      await openLoop(during, rate, act, reached)
    })
  await strike(strikes.slice(0, 1), operations.slice(WARM_UP, rest))
  const since = performance.now()
  await strike(strikes.slice(1), operations.slice(rest, probed))

  await sandbox.stripe.webhooks.idle()
  const left = await drainJobs(app)
  await app.billing.reconcile()
  const findings = [
    checkDone(operations, WARM_UP),
    { what: 'jobs that are never done', found: `${left}`, holds: left === 0 },
    ...(await reconcile(app, sandbox, manager, operations)),
    checkMet(strikes, caller.calls),
    checkCalls(caller.calls),
    ...(await checkHealth(app, members, world.lines, { floor, since, lines })),
  ]
  return { findings, strikes, calls: caller.calls }
}
