import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordWith } from '../../test/account.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'
import type { Keep } from '../status/plan-options.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'
import { type EndedSecond, endSecond } from './end-second.ts'

const STATUSES = [
  'active',
  'trialing',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
  'new',
] as const
const IDS = ['a', 'b', 'c'] as const
type Look = readonly string[]

/** Lets a process wait at each step for as many turns as `pace` says. */
function slow<A extends unknown[], T>(
  pace: number,
  fn: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  return async (...args) => {
    for (let turn = 0; turn < pace; turn += 1) await Promise.resolve()
    return await fn(...args)
  }
}

/** Processes that have looked at the same subscriptions at different moments, all at once. */
async function endAtOnce(
  looks: readonly { readonly statuses: Look; readonly pace: number }[],
  keep: Keep,
): Promise<{ ended: Set<string>; results: (EndedSecond | undefined)[] }> {
  const store = memoryBillingStore()
  const ended = new Set<string>()
  const results = await Promise.all(
    looks.map(({ statuses, pace }) =>
      endSecond(
        {
          choose: slow(pace, (ids) => store.chooseSubscription('office-1', ids)),
          look: slow(pace, async (id) =>
            ended.has(id)
              ? undefined
              : recordWith({ id, status: statuses[IDS.indexOf(id as 'a')] ?? '' }),
          ),
          end: slow(pace, async (id) => ended.add(id)),
        },
        statuses.map((status, at) => recordWith({ id: IDS[at] ?? '', status, createdAt: at })),
        keep,
      ),
    ),
  )
  return { ended, results }
}

const isPaid = (status: string | undefined): boolean => status === 'active' || status === 'trialing'

test('whatever each of several processes has seen, one that goes on is left, and none ends what it kept', async () => {
  const look = fc.record({
    statuses: fc.array(fc.constantFrom(...STATUSES), { minLength: 3, maxLength: 3 }),
    pace: fc.nat({ max: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(look, { minLength: 1, maxLength: 4 }),
      fc.constantFrom<Keep>('first', 'latest'),
      async (looks, keep) => {
        const { ended, results } = await endAtOnce(looks, keep)
        expect(ended.size).toBeLessThan(IDS.length)
        for (const [at, result] of results.entries()) {
          const statuses = looks[at]?.statuses ?? []
          if (result === undefined) continue
          const statusOf = (id: string): string => statuses[IDS.indexOf(id as 'a')] ?? ''
          expect(result.ended).not.toContain(result.kept)
          expect(['incomplete', 'new']).not.toContain(statusOf(result.kept))
          for (const id of result.ended) {
            expect(statusOf(id)).not.toBe('new')
            const needsPaid = statusOf(id) === 'incomplete' || isPaid(statusOf(id))
            if (needsPaid) expect(isPaid(statusOf(result.kept))).toBe(true)
          }
        }
      },
    ),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 300) },
  )
})

/** What people and banks do to a subscription while processes look at it. */
const DEEDS = ['ends it', 'plans its end', 'takes that back', 'fails to pay', 'pays'] as const

function done(one: SubscriptionRecord, deed: (typeof DEEDS)[number]): SubscriptionRecord {
  if (one.status === 'canceled') return one
  if (deed === 'ends it') return { ...one, status: 'canceled' }
  if (deed === 'plans its end') return { ...one, endsAt: 1 }
  if (deed === 'takes that back') return { ...one, endsAt: undefined }
  if (deed === 'fails to pay') return { ...one, status: 'past_due' }
  return { ...one, status: 'active' }
}

const worthOf = ({ status, endsAt }: SubscriptionRecord): number =>
  isPaid(status) ? (endsAt === undefined ? 2 : 1) : 0

test('whatever people and banks do meanwhile, nothing ends unless the kept one goes on then, and is worth as much', async () => {
  const deed = fc.record({
    id: fc.constantFrom(...IDS),
    deed: fc.constantFrom(...DEEDS),
    turn: fc.nat({ max: 60 }),
  })
  const aProcess = fc.record({ start: fc.nat({ max: 30 }), pace: fc.nat({ max: 12 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(aProcess, { minLength: 1, maxLength: 3 }),
      fc.array(deed, { maxLength: 6 }),
      fc.constantFrom<Keep>('first', 'latest'),
      async (processes, deeds, keep) => {
        const store = memoryBillingStore()
        const world = new Map(
          IDS.map((id, at) => [id as string, recordWith({ id, status: 'active', createdAt: at })]),
        )
        const act = async ({ id, deed, turn }: (typeof deeds)[number]): Promise<void> => {
          for (let at = 0; at < turn; at += 1) await Promise.resolve()
          world.set(id, done(world.get(id)!, deed))
        }
        const keepOne = async ({ start, pace }: (typeof processes)[number]): Promise<void> => {
          for (let at = 0; at < start; at += 1) await Promise.resolve()
          // What the call just before the end has shown of the kept one: time goes on only between calls.
          let shown: SubscriptionRecord | undefined
          const seen = [...world.values()]
          let kept = ''
          const choose = async (ids: readonly string[]): Promise<string> =>
            (kept = await store.chooseSubscription('office-1', ids))
          const end = async (id: string): Promise<void> => {
            const ending = seen.find((one) => one.id === id)!
            expect(shown).toMatchObject({ id: kept, status: expect.not.stringMatching('canceled') })
            expect(worthOf(shown!)).toBeGreaterThanOrEqual(worthOf(ending))
            shown = undefined
            world.set(id, done(world.get(id)!, 'ends it'))
          }
          const slowly = slow(pace, async () => undefined)
          const look = async (id: string): Promise<SubscriptionRecord | undefined> => {
            await slowly()
            return (shown = world.get(id))
          }
          await slowly()
          await endSecond({ choose: slow(pace, choose), look, end }, seen, keep)
        }
        await Promise.all([...processes.map(keepOne), ...deeds.map(act)])
      },
    ),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 300) },
  )
})

test.each(['first', 'latest'] as const)(
  'one whose end is planned is not kept beside one that goes on, and none ends in its place, with %s',
  async (keep) => {
    for (const planned of ['a', 'b']) {
      const store = memoryBillingStore()
      const choose = (ids: readonly string[]): Promise<string> =>
        store.chooseSubscription('office-1', ids)
      const records = ['a', 'b'].map((id, at) =>
        recordWith({ id, createdAt: at, endsAt: id === planned ? 1 : undefined }),
      )
      const other = planned === 'a' ? 'b' : 'a'
      const look = async (id: string) => records.find((one) => one.id === id)
      const init = { choose, look, end: async () => undefined }
      expect(await endSecond(init, records, keep)).toEqual({ kept: other, ended: [planned] })
      // An earlier choice stands: the kept one is to end now, and the other one goes on.
      const store2 = memoryBillingStore()
      await store2.chooseSubscription('office-1', [planned, other])
      const late = {
        ...init,
        choose: (ids: readonly string[]) => store2.chooseSubscription('office-1', ids),
      }
      expect(await endSecond(late, records, keep)).toBeUndefined()
    }
  },
)

test.each(['first', 'latest'] as const)(
  'a payment that fails here and succeeds there between two looks ends one of them, with %s',
  async (keep) => {
    const looks = [
      { statuses: ['active', 'past_due'], pace: 3 },
      { statuses: ['past_due', 'active'], pace: 1 },
    ]
    const { ended } = await endAtOnce(looks, keep)
    expect(ended.size).toBe(1)
  },
)

test('one that is paid for after it was passed over does not end beside one that is not', async () => {
  const store = memoryBillingStore()
  await store.chooseSubscription('office-1', ['gone', 'b'])
  const ended: string[] = []
  const look = (statuses: Readonly<Record<string, string>>): Promise<EndedSecond | undefined> =>
    endSecond(
      {
        choose: (ids) => store.chooseSubscription('office-1', ids),
        look: async (id) => recordWith({ id, status: statuses[id] ?? '' }),
        end: async (id) => ended.push(id),
      },
      Object.entries(statuses).map(([id, status], at) => recordWith({ id, status, createdAt: at })),
      'first',
    )
  // The end of "b" failed, "gone" has ended, and "b" was resumed.
  expect(await look({ b: 'active', c: 'past_due' })).toBeUndefined()
  expect(await look({ b: 'active', c: 'unpaid', d: 'past_due' })).toMatchObject({ ended: ['d'] })
  expect(await look({ b: 'active', c: 'active' })).toEqual({ kept: 'c', ended: ['b'] })
  expect(ended).toEqual(['d', 'b'])
})

test.each(['first', 'latest'] as const)(
  'one that is paused with void invoices ends beside one that is paid for, with %s',
  async (keep) => {
    for (const paused of ['a', 'b']) {
      const store = memoryBillingStore()
      const records = ['a', 'b'].map((id, at) =>
        recordWith({ id, status: 'active', paused: id === paused, createdAt: at }),
      )
      const kept = paused === 'a' ? 'b' : 'a'
      const choose = (ids: readonly string[]): Promise<string> =>
        store.chooseSubscription('office-1', ids)
      const look = async (id: string) => records.find((one) => one.id === id)
      const result = await endSecond({ choose, look, end: async () => undefined }, records, keep)
      expect(result).toEqual({ kept, ended: [paused] })
    }
  },
)

test.each([
  ['first', 'a'],
  ['latest', 'b'],
] as const)('of two paid ones the %s is kept', async (keep, kept) => {
  const { results, ended } = await endAtOnce(
    [{ statuses: ['active', 'trialing', 'incomplete'], pace: 0 }],
    keep,
  )
  expect(results[0]?.kept).toBe(kept)
  expect(ended.size).toBe(2)
})

test('one that waits for its first payment is left beside what is not paid for', async () => {
  const { ended } = await endAtOnce([{ statuses: ['past_due', 'incomplete'], pace: 0 }], 'first')
  expect(ended.size).toBe(0)
})
