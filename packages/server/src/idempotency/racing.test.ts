import { gather } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { describe, expect, onTestFinished, test } from 'vitest'
import { countEffects, openDatabase, yuzuruDatabase } from '../../test/database.ts'
import { IdempotentChild } from '../../test/idempotent-child.ts'
import { callsOf, post, STAGES } from '../../test/idempotent-stage.ts'
import { idempotent } from './idempotent.ts'
import { kyselyIdempotencyStore } from './kysely-idempotency-store.ts'

const RACERS = 100

/** The answers of racing repeats: all are the one answer, or 409; at least one is the answer. */
async function expectOneAnswer(answers: readonly Response[], text: string): Promise<void> {
  const given = answers.filter(({ status }) => status === 200)
  const statuses = new Set(answers.map(({ status }) => status))
  expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([])
  expect(given.length).toBeGreaterThan(0)
  const texts = await Promise.all(given.map((answer) => answer.text()))
  expect(new Set(texts)).toEqual(new Set([text]))
  expect(given.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1)
}

test.each(Object.entries(STAGES))(
  '100 racing repeats have one effect and one answer: %s',
  async (_name, open) => {
    await using stage = await open()
    let calls = 0
    const handle = idempotent(
      async (_request, { tx }) => {
        calls += 1
        await stage.act(tx)
        return new Response(`answer ${calls}`)
      },
      { store: stage.store, caller: () => 'office-1' },
    )
    const race = Array.from({ length: RACERS }, () => () => handle(post('k')))
    await expectOneAnswer(await gather(race), 'answer 1')
    expect([calls, await stage.count()]).toEqual([1, 1])
  },
)

describe('over several processes', () => {
  test('100 racing repeats have one effect and one answer', async () => {
    const database = await openDatabase()
    onTestFinished(() => database[Symbol.asyncDispose]())
    const start = (): Promise<IdempotentChild> =>
      IdempotentChild.start(database.url, { gated: false })
    const children = await Promise.all([start(), start(), start()])
    const race = Array.from({ length: RACERS }, (_, at) =>
      (children[at % children.length] as IdempotentChild).post('pay'),
    )
    await expectOneAnswer(await Promise.all(race), 'did pay')
    expect(await countEffects(database.db)).toBe(1)
  })

  test.each(['read committed', 'serializable'] as const)(
    'repeats that race while processes lose their claims have one effect: %s',
    async (isolation) => {
      const database = await openDatabase()
      onTestFinished(() => database[Symbol.asyncDispose]())
      // Each claim has lapsed at once, so each repeat takes over; each has a pool of its own.
      const handles = Array.from({ length: 4 }, () => {
        const db = yuzuruDatabase(database.url, { connections: 5 })
        const store = kyselyIdempotencyStore(db, {
          transaction: (fn) => transaction(db, fn, { isolation, attempts: 20 }),
        })
        return idempotent(
          async (_request, { tx }) => {
            await tx.insertInto('effects').values({ name: 'effect' }).execute()
            return new Response('done')
          },
          {
            store: {
              ...callsOf(store),
              claim: (request) => store.claim({ ...request, leaseMs: 0 }),
            } satisfies typeof store,
            caller: () => 'office-1',
          },
        )
      })
      const race = Array.from(
        { length: RACERS },
        (_, at) => () => (handles[at % handles.length] as (typeof handles)[0])(post('k')),
      )
      await expectOneAnswer(await gather(race), 'done')
      expect(await countEffects(database.db)).toBe(1)
    },
  )
})
