import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { openStage } from '../test/stage.ts'

describe('what is said of an effect is true, of', () => {
  test.each(['ensureCustomer', 'a native call'] as const)('%s', async (verb) => {
    await using stage = await openStage({ attempts: 1, attemptTimeoutMs: 200 })
    const { billing, proxy, server } = stage
    const set =
      (faults: Parameters<typeof proxy.set>[0]): Fault =>
      () => {
        proxy.set(faults)
        return () => proxy.clear()
      }
    const tally = await exerciseOutcomes(
      {
        act: (id) =>
          verb === 'ensureCustomer'
            ? billing.ensureCustomer({ reference: id, email: 'office@example.jp' })
            : billing.client.customers.create({ metadata: { yuzuru_reference: id } }),
        count: async (id) =>
          server.customers().filter(({ metadata }) => metadata['yuzuru_reference'] === id).length,
        faults: {
          'the answer is lost': set({ dropReply: { when: 'POST', times: 1 } }),
          'the connection breaks in the request': set({ resetAfterBytes: { toServer: 60 } }),
          'the connection breaks in the answer': set({ resetAfterBytes: { toClient: 30 } }),
          'Stripe is busy': set({ status: { code: 429, when: 'POST', times: 1 } }),
          'Stripe fails': set({ status: { code: 500, when: 'POST', times: 1 } }),
          'no connection is taken': set({ refuse: true }),
        },
      },
      { rounds: 100, withinMs: 15 },
    )
    expect(tally.value).toBeGreaterThan(0)
  })
})
