import { createHttp, type Http } from '@yuzuru/http'
import { type FaultProxy, startFaultProxy } from '@yuzuru/sandbox'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type IdempotentStage, kyselyStage } from '../../test/idempotent-stage.ts'
import { serve } from '../listening/serve.ts'
import { problem } from '../problems/problem.ts'
import { idempotent } from './idempotent.ts'

type Stage = Awaited<ReturnType<typeof kyselyStage>>

interface Bank {
  readonly stage: Stage
  readonly proxy: FaultProxy
}

/** A service that pays once for each key, behind a proxy that loses its answers. */
async function bank(): Promise<Bank> {
  const stage = await disposedOf(await kyselyStage())
  const pay = idempotent(
    async (request, { tx }) => {
      await stage.act(tx)
      return Response.json({ paid: await request.json() }, { status: 201 })
    },
    { store: stage.store, caller: () => 'shop' },
  )
  const server = await disposedOf(await serve(pay, { lingerMs: 0 }))
  const target = { host: '127.0.0.1', port: server.port }
  return { stage, proxy: await disposedOf(await startFaultProxy({ target, protocol: 'http' })) }
}

async function disposedOf<T extends AsyncDisposable>(thing: T): Promise<T> {
  onTestFinished(() => thing[Symbol.asyncDispose]())
  return thing
}

async function clientOf({ port }: { readonly port: number }, attempts: number): Promise<Http> {
  const retry = { attempts, baseDelayMs: 1 }
  return await disposedOf(createHttp({ origin: `http://127.0.0.1:${port}`, retry }))
}

describe('between two services', () => {
  test('a lost answer is settled by asking again: one effect, and its client learns the answer', async () => {
    const { stage, proxy } = await bank()
    const http = await clientOf(proxy, 3)
    proxy.set({ dropReply: { when: 'POST', times: 1 } })
    const answer = await http.request('/payments', { json: { yen: 1 }, idempotencyKey: 'order-1' })
    expect([answer.status, await answer.json()]).toEqual([201, { paid: { yen: 1 } }])
    expect(answer.headers.get('idempotent-replayed')).toBe('true')
    expect(await stage.count()).toBe(1)
  })

  test('a failure that leaves it unknown is settled by a later call under the same key', async () => {
    const { stage, proxy } = await bank()
    const http = await clientOf(proxy, 1)
    proxy.set({ dropReply: { when: 'POST', times: 1 } })
    const init = { json: { yen: 1 }, idempotencyKey: 'order-1' }
    await expect(http.request('/payments', init)).rejects.toMatchObject({ outcome: 'unknown' })
    expect((await http.request('/payments', init)).status).toBe(201)
    expect(await stage.count()).toBe(1)
  })

  test('the key of one is that of the other: a repeat runs through both, and pays once', async () => {
    const { stage, proxy } = await bank()
    const toBank = await clientOf(proxy, 1)
    const own: IdempotentStage<never> = (await disposedOf(
      await kyselyStage(),
    )) as unknown as IdempotentStage<never>
    const buy = idempotent(
      async (request, { tx, idempotencyKey }) => {
        const json: unknown = await request.json()
        const paid = await toBank.json('/payments', { json, idempotencyKey })
        await own.act(tx)
        return Response.json(paid)
      },
      { store: own.store, caller: () => 'hanako', effects: 'repeatable' },
    )
    const shop = await disposedOf(
      await serve((request: Request) => buy(request).catch((error: unknown) => problem(error)), {
        lingerMs: 0,
      }),
    )
    const http = await clientOf(shop, 3)
    proxy.set({ dropReply: { when: 'POST', times: 1 } })
    const bought = await http.json('/orders', { json: { yen: 1 }, idempotencyKey: '"cart-1"' })
    expect(bought).toEqual({ paid: { yen: 1 } })
    expect([await stage.count(), await own.count()]).toEqual([1, 1])
  })
})
