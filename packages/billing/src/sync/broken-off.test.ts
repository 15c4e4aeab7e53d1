import { expect, test } from 'vitest'
import { BROKEN_OFF, breakOff } from '../../test/broken-off.ts'
import { openSubscribed } from '../../test/subscriber.ts'

test.each(BROKEN_OFF)(
  '%s anywhere, and made again, a reconciliation has repaired everything, and finds nothing more',
  async (how) => {
    for (let at = 1; ; at += 1) {
      let now = Date.now()
      await using world = await openSubscribed({ now: () => now })
      const { stage } = world
      const { billing, server } = stage
      const keeping = stage.another({ keep: 'first' })
      // One that the store does not know, one that has ended since, one that is no more, and two of one reference.
      const unknown = await world.subscribe()
      const ended = await world.subscribe({ customer: await world.customer('ended') })
      const moved = await world.subscribe({ customer: await world.customer('two') })
      for (const of of ['ended', 'two']) await billing.sync(of)
      await billing.client.subscriptions.cancel(ended.id)
      now += 60_000
      const second = await world.subscribe({ customer: moved.customer as string })
      const isBroken = await breakOff(stage, how, at, (broken) => broken.reconcile(), {
        keep: 'first',
        now: () => now,
        report: () => undefined,
      })
      await keeping.reconcile()
      expect((await keeping.reconcile()).drift).toEqual([])
      const statuses = await Promise.all(
        ['office-1', 'ended', 'two'].map(async (of) => (await billing.status(of)).status),
      )
      expect([at, ...statuses]).toEqual([at, 'active', 'canceled', 'active'])
      const own = [unknown, ended, moved, second].map(
        ({ id }) => server.subscriptions().find((one) => one.id === id)?.status,
      )
      expect([at, ...own]).toEqual([at, 'active', 'canceled', 'active', 'canceled'])
      if (isBroken) continue
      expect(at).toBeGreaterThan(15)
      return
    }
  },
)
