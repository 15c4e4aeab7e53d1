import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type BundledProgram, bundleProgram } from '@yuzuru/tooling/bundle-program'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { act, type DyingOrder, VERBS } from '../test/dying-order.ts'
import { type DyingWorld, openDyingWorld } from '../test/dying-world.ts'

let shared: DyingWorld
let program: BundledProgram

beforeAll(async () => {
  program = await bundleProgram(new URL('../test/dying-process.ts', import.meta.url))
  shared = await openDyingWorld()
})

afterAll(async () => {
  await shared[Symbol.asyncDispose]()
  await program[Symbol.asyncDispose]()
})

type Check = (world: DyingWorld, order: DyingOrder) => Promise<void>

/** One row, which says what Stripe says. */
async function expectRow(world: DyingWorld, reference: string, status: string): Promise<void> {
  const own = world.subscriptionsOf(reference)
  expect(own).toMatchObject([{ status }])
  const { subscriptions } = await world.stage.billing.status(reference)
  expect(subscriptions).toMatchObject([{ id: own[0]?.id, status }])
}

/** What must be true of each verb once it was repeated. */
const AFTER: Readonly<Record<DyingOrder['verb'], Check>> = {
  async checkout({ customersOf, ...world }, { reference }) {
    const { server, store } = world.stage
    expect(customersOf(reference)).toHaveLength(1)
    const sessions = server
      .checkoutSessions()
      .filter((one) => one.client_reference_id === reference && one.status === 'open')
    expect(sessions).toMatchObject([{ customer: customersOf(reference)[0]?.id }])
    const { session } = (await store.findCheckout(reference)) ?? {}
    expect(session).toMatchObject({ id: sessions[0]?.id, url: sessions[0]?.url })
  },
  async changePlan(world, { reference, price }) {
    await expectRow(world, reference, 'active')
    const [own] = world.subscriptionsOf(reference)
    const record = await world.stage.store.findSubscription(own?.id ?? '')
    expect(record?.items).toMatchObject([{ priceId: price }])
    const invoices = world.stage.server.invoices().filter((one) => one.customer === own?.customer)
    const charged = invoices.filter((one) => one.billing_reason === 'subscription_update')
    expect(charged).toHaveLength(1)
  },
  cancel: (world, { reference }) => expectRow(world, reference, 'canceled'),
  async webhook(world, { reference, event }) {
    await expectRow(world, reference, 'active')
    expect(await world.timesNoticed((event as { id: string }).id)).toBe(1)
    expect(await world.timesNoticed(reference)).toBe(1)
  },
  async reconcile(world, { reference }) {
    await expectRow(world, reference, 'active')
    expect(await world.timesNoticed(reference)).toBe(1)
  },
}

/** @returns whether it was killed before its end */
async function isKilled(child: ChildProcess, order: DyingOrder): Promise<boolean> {
  const exited = once(child, 'exit')
  child.send(order)
  await exited
  if (child.signalCode === 'SIGKILL') return true
  expect(child.exitCode).toBe(0)
  return false
}

/** Kills a process at one step of a verb, and calls it again. @returns whether it was killed */
async function killAt(
  child: ChildProcess,
  order: Pick<DyingOrder, 'verb' | 'how' | 'dieAt'>,
): Promise<boolean> {
  const { verb, how, dieAt } = order
  // A reconciliation goes through all that there is: it has a world of its own.
  await using own = verb === 'reconcile' ? await openDyingWorld() : undefined
  const world = own ?? shared
  const whole = await world.prepare(order)
  const killed = await isKilled(child, whole)
  await act(world.stage.billing, whole)
  if (verb === 'webhook') await act(world.stage.billing, whole)
  try {
    await AFTER[verb](world, whole)
  } catch (error) {
    throw new Error(`${verb}, killed at step ${dieAt} (${how}): ${String(error)}`, { cause: error })
  }
  return killed
}

const HOWS = ['done', 'under way'] as const

/** Both ways at each step where more runs were asked for, else the one and the other in turn. */
const isThorough = process.env['YUZURU_RUNS'] !== undefined

/** Kills at each step in turn, until the verb comes to its end before that. @returns how many steps it has */
async function killEverywhere(verb: DyingOrder['verb']): Promise<number> {
  const children: ChildProcess[] = []
  onTestFinished(() => children.forEach((child) => child.kill('SIGKILL')))
  const start = (): ChildProcess => {
    const child = fork(program.path, { env: program.env })
    children.push(child)
    return child
  }
  // The next one starts while one runs.
  let next = start()
  for (let dieAt = 1; ; dieAt += 1) {
    for (const how of isThorough ? HOWS : HOWS.slice(dieAt % 2, (dieAt % 2) + 1)) {
      const child = next
      next = start()
      if (!(await killAt(child, { verb, how, dieAt }))) return dieAt - 1
    }
  }
}

describe('a process that is killed at each step of the store and of the wire', () => {
  test.each(VERBS)('has done %s once, when it is called again', async (verb) => {
    expect(await killEverywhere(verb)).toBeGreaterThan(2)
  })
})
