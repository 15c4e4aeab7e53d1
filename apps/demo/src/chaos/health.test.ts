import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { heldConnections } from './health.ts'

/** A process that says how many connections it has taken each time it is asked; the last one for ever. */
const process = (name: string, ...used: readonly number[]) => {
  let asked = 0
  return {
    name,
    figures: async () => {
      const usedConnections = used[Math.min(asked, used.length - 1)] ?? 0
      asked += 1
      return { type: 'figures' as const, heapBytes: 0, usedConnections }
    },
  }
}

const linesWith = (smtp: () => number) => {
  const none = { connections: 0 }
  return {
    s3: none,
    stripe: none,
    google: none,
    smtp: {
      get connections() {
        return smtp()
      },
    },
  }
}

test('what is given back in time is not held, and processes need not be free at one moment', async () => {
  using clock = TestClock.install()
  const members = [process('web', 1, 0, 1), process('worker', 2, 1, 0)]
  let looks = 3
  const held = heldConnections(
    members,
    linesWith(() => Math.max(0, (looks -= 1))),
  )
  await clock.advance(60_000)
  expect(await held).toMatchObject({ pools: [] })
  expect((await held).open.every(([, connections]) => connections === 0)).toBe(true)
})

test('a connection that is never given back is held by its process, and one that stays open by its boundary', async () => {
  using clock = TestClock.install()
  const members = [process('web', 0), process('worker', 1)]
  const held = heldConnections(
    members,
    linesWith(() => 2),
  )
  await clock.advance(60_000)
  const { pools, open } = await held
  expect(pools).toEqual(['worker'])
  expect(open).toContainEqual(['smtp', 2])
})
