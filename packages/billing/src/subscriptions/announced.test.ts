import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscribed.ts'

test('what a verb changes is announced once, though its webhook comes too', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const seen: string[] = []
  for (const name of ['activated', 'canceling', 'resumed', 'ended'] as const) {
    billing.on(name, ({ status }) => {
      seen.push(`${name}: ${status.status}`)
    })
  }
  await open.subscribe()
  const deliverAll = async (): Promise<void> => {
    for (const event of open.events()) await open.deliver(event)
  }
  await deliverAll()
  await billing.cancel(reference)
  await deliverAll()
  await billing.resume(reference)
  await deliverAll()
  await billing.cancel(reference, { at: 'now' })
  await deliverAll()
  expect(seen).toEqual([
    'activated: active',
    'canceling: canceling',
    'resumed: active',
    'ended: canceled',
  ])
})
