import { checkpoint } from '@yuzuru/concurrency'
import { cancelEverywhere } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { actOutside, memoryStage, post } from '../../test/idempotent-stage.ts'
import type { HandlerEffects } from './idempotent-options.ts'
import { idempotent } from './idempotent.ts'

describe('a request that is cancelled at any await', () => {
  test('leaves nothing behind, and its repeat has the effect once', async () => {
    const points = await cancelEverywhere(async ({ after }) => {
      const { store, act, count } = await memoryStage()
      const handle = idempotent(
        async (request, { tx }) => {
          await act(tx)
          await checkpoint()
          return Response.json(await request.json())
        },
        { store, caller: async () => 'office-1' },
      )
      after(async () => {
        const answer = await handle(post('k'))
        expect([answer.status, await answer.text(), await count()]).toEqual([200, '{}', 1])
      })
      await handle(post('k'))
    })
    expect(points).toBeGreaterThan(20)
  })

  test.each<[HandlerEffects, readonly number[]]>([
    ['transaction', [200, 409]],
    ['once', [200, 409]],
    ['repeatable', [200]],
  ])('never has an effect outside twice: effects %s', async (effects, statuses) => {
    await cancelEverywhere(async ({ after }) => {
      const { store } = await memoryStage()
      const paid = new Map<string, number>()
      let calls = 0
      const handle = idempotent(
        async (_request, { idempotencyKey }) => {
          await checkpoint()
          await actOutside()
          // What the other side does with a key that it has seen.
          const key = effects === 'repeatable' ? idempotencyKey : `${(calls += 1)}`
          paid.set(key, 1)
          await checkpoint()
          return new Response('paid')
        },
        { store, caller: 'everyone', effects },
      )
      after(async () => {
        const { status } = await handle(post('k'))
        expect(statuses).toContain(status)
        expect(paid.size).toBeLessThanOrEqual(1)
        if (status === 200) expect(paid.size).toBe(1)
      })
      await handle(post('k'))
    })
  })
})
