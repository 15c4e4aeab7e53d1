import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscribed.ts'

test('a status is read from the rows: Stripe is not asked, and may be away', async () => {
  await using open = await openSubscribed({ trial: { days: 30 } })
  const { billing, server, proxy } = open.stage
  await open.subscribe()
  await billing.sync(reference)
  proxy.set({ refuse: true })
  const sent = server.requests().length
  expect((await billing.status(reference)).status).toBe('early_payment')
  expect((await billing.status('office-2')).status).toBe('trialing')
  expect(server.requests()).toHaveLength(sent)
})
