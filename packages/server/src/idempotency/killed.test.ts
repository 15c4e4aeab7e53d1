import { transaction } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  countEffects,
  openDatabase,
  type TestDatabase,
  yuzuruDatabase,
} from '../../test/database.ts'
import { IdempotentChild, sameRequest } from '../../test/idempotent-child.ts'
import { callsOf } from '../../test/idempotent-stage.ts'
import { idempotent } from './idempotent.ts'
import { kyselyIdempotencyStore } from './kysely-idempotency-store.ts'

/** Where the process stands when it is killed, in order, and whether the effect has been had by then. */
const STEPS: readonly (readonly [step: string, isDone: boolean])[] = [
  ['before the claim', false],
  ['after the claim', false],
  ['before the transaction', false],
  ['in the handler', false],
  ['before the effect', false],
  ['after the effect', false],
  ['before the answer is stored', false],
  ['after the answer is stored', false],
  ['before COMMIT', false],
  ['after the transaction', true],
  ['before the answer', true],
]

async function stage(): Promise<TestDatabase> {
  const database = await openDatabase()
  onTestFinished(() => database[Symbol.asyncDispose]())
  return database
}

/** The handler of the next process, and the request as its client repeats it. */
async function repeat({ db, url }: TestDatabase): Promise<Response> {
  const own = yuzuruDatabase(url)
  const store = kyselyIdempotencyStore(own, { transaction: (fn) => transaction(own, fn) })
  const handle = idempotent(
    async (request, { tx }) => {
      const name = await request.text()
      await tx.insertInto('effects').values({ name }).execute()
      return new Response(`did ${name}`)
    },
    { store, caller: () => 'office-1' },
  )
  // Its lease ends; where its connection has not yet gone, this waits for that.
  await sql`update yuzuru_idempotency_keys set lease_until = now()`.execute(db)
  return await handle(sameRequest('pay'))
}

async function expectOneEffect(database: TestDatabase, isReplayed: boolean): Promise<void> {
  const answer = await repeat(database)
  expect([answer.status, await answer.text()]).toEqual([200, 'did pay'])
  expect(answer.headers.get('idempotent-replayed')).toBe(isReplayed ? 'true' : null)
  expect(await countEffects(database.db)).toBe(1)
}

describe('a process that is killed', () => {
  test('stands at each of these steps on its way', async () => {
    const { url, db } = await stage()
    const child = await IdempotentChild.start(url, { gated: true })
    const answer = child.post('pay')
    const steps = await child.goTo('before the answer')
    child.go()
    expect(await (await answer).text()).toBe('did pay')
    expect(steps).toEqual(STEPS.map(([step]) => step))
    expect(await countEffects(db)).toBe(1)
  })

  test.each(STEPS)('%s has had its effect once, after a repeat', async (step, isDone) => {
    const database = await stage()
    const child = await IdempotentChild.start(database.url, { gated: true })
    const answer = child.post('pay').catch((error: unknown) => error)
    await child.goTo(step)
    await child.kill()
    expect(await answer).toBeInstanceOf(TypeError)
    await expectOneEffect(database, isDone)
  })

  test('during COMMIT, which arrives, has had its effect once', async () => {
    const database = await stage()
    await using proxy = await proxyTo(database.url)
    const child = await IdempotentChild.start(proxy.url(database.url), { gated: true })
    const answer = child.post('pay').catch((error: unknown) => error)
    await child.goTo('before COMMIT')
    // What the database answers is under way for ever.
    proxy.set({ latencyMs: { toClient: 3_600_000 } })
    child.go()
    while ((await countEffects(database.db)) === 0);
    await child.kill()
    expect(await answer).toBeInstanceOf(TypeError)
    await expectOneEffect(database, true)
  })

  test('during COMMIT, which does not arrive, has had its effect once', async () => {
    const database = await stage()
    await using proxy = await proxyTo(database.url)
    const child = await IdempotentChild.start(proxy.url(database.url), { gated: true })
    const answer = child.post('pay').catch((error: unknown) => error)
    await child.goTo('before COMMIT')
    proxy.set({ resetAfterBytes: { toServer: 0 } })
    child.go()
    await child.kill()
    expect(await answer).toBeInstanceOf(TypeError)
    await expectOneEffect(database, false)
  })
})

describe('a process that stands still for longer than its lease', () => {
  test('does not put its answer over that of the one that has taken over', async () => {
    const database = await stage()
    const child = await IdempotentChild.start(database.url, { gated: true })
    const late = child.post('pay')
    await child.goTo('after the effect')
    child.signal('SIGSTOP')
    await expectOneEffect(database, false)
    child.go()
    child.signal('SIGCONT')
    await child.goTo('before the answer')
    child.go()
    expect((await late).status).toBe(409)
    await expectOneEffect(database, true)
  })

  test('as it commits keeps the key until that is decided', async () => {
    const database = await stage()
    const child = await IdempotentChild.start(database.url, { gated: true })
    const answer = child.post('pay')
    await child.goTo('before COMMIT')
    child.signal('SIGSTOP')
    const own = yuzuruDatabase(database.url)
    const handle = idempotent(async () => expect.unreachable(), {
      store: kyselyIdempotencyStore(own),
      caller: () => 'office-1',
    })
    expect((await handle(sameRequest('pay'))).status).toBe(409)
    child.go()
    child.signal('SIGCONT')
    await child.goTo('before the answer')
    child.go()
    expect(await (await answer).text()).toBe('did pay')
    await expectOneEffect(database, true)
  })
})

describe('a COMMIT whose answer is lost', () => {
  test.each([
    ['took effect: its request gets the answer', { dropReply: { when: 'commit', times: 1 } }, true],
    [
      'did not: its request fails, and a repeat runs again',
      { resetAfterBytes: { toServer: 0 } },
      false,
    ],
  ])('%s', async (_what, fault, isDone) => {
    const database = await stage()
    await using proxy = await proxyTo(database.url)
    const db = yuzuruDatabase(proxy.url(database.url), { cancelTimeoutMs: 200 })
    const direct = yuzuruDatabase(database.url)
    // Only the transaction goes through the proxy.
    const faulty = kyselyIdempotencyStore(db, {
      transaction: (fn) =>
        transaction(db, async (tx) => {
          const value = await fn(tx)
          proxy.set(fault)
          return value
        }),
    })
    const store: typeof faulty = {
      ...callsOf(kyselyIdempotencyStore(direct)),
      transaction: (fn) => faulty.transaction(fn),
    }
    const handle = idempotent(
      async (request, { tx }) => {
        const name = await request.text()
        await tx.insertInto('effects').values({ name }).execute()
        return new Response(`did ${name}`)
      },
      { store, caller: () => 'office-1' },
    )
    const first = await handle(sameRequest('pay')).catch((error: unknown) => error)
    if (isDone) expect(await (first as Response).text()).toBe('did pay')
    else expect(first).toMatchObject({ code: 'commit_unknown', outcome: 'unknown' })
    expect(await countEffects(database.db)).toBe(isDone ? 1 : 0)
    await expectOneEffect(database, isDone)
  })
})

async function proxyTo(url: string): ReturnType<typeof startFaultProxy> {
  const { hostname: host, port } = new URL(url)
  return await startFaultProxy({ target: { host, port: Number(port) } })
}
