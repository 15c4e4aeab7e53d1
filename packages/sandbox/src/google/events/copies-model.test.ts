import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, test } from 'vitest'

import { email as hana } from '../../../test/google/fixture.ts'
import {
  answering,
  answers,
  change,
  jiro,
  place,
  read,
  stage,
  taro,
} from '../../../test/google/invited.ts'

test('whatever is done to an event and its copies, all agree on who comes', async () => {
  const who = constantFrom(...(['organizer', 'guest', 'other'] as const))
  const step = record({
    who,
    what: constantFrom(...(['answer', 'rename', 'delete', 'restore', 'guests'] as const)),
    how: nat({ max: 3 }),
  })
  const said = ['needsAction', 'declined', 'tentative', 'accepted']
  const lists = [[taro, jiro], [taro], [jiro], [taro, jiro, 'out@example.net']]
  const numRuns = Number(process.env['YUZURU_RUNS'] ?? 12)
  await assert(
    asyncProperty(array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      await using it = await stage()
      const address = { organizer: hana, guest: taro, other: jiro }
      for (const each of steps) {
        const client = it[each.who]
        const seen = await read(client)
        const edits: Record<typeof each.what, () => Promise<unknown>> = {
          answer: () => change(client, answering(seen, address[each.who], said[each.how] ?? '')),
          rename: () => change(client, { summary: `題 ${each.how}` }),
          delete: () => client.events.delete(place),
          restore: () => change(client, { status: 'confirmed' }),
          guests: () =>
            change(it.organizer, {
              attendees: (lists[each.how] ?? []).map((email) => ({ email })),
            }),
        }
        await edits[each.what]().catch(() => undefined)
      }
      const main = await read(it.organizer)
      const there = new Set(answers(main).map(([email]) => email))
      for (const [client, email] of [
        [it.guest, taro],
        [it.other, jiro],
      ] as const) {
        const copy = await read(client)
        const isIn = main.status !== 'cancelled' && there.has(email)
        if (copy.status === 'cancelled') {
          const own = (main.attendees ?? []).find((one) => one.email?.toLowerCase() === email)
          expect(!isIn || own?.responseStatus === 'declined').toBe(true)
        } else {
          expect(isIn).toBe(true)
          expect(answers(copy)).toEqual(answers(main))
        }
      }
    }),
    { numRuns },
  )
})
