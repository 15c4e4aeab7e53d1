import { cancelScope, checkpoint, shield } from '@yuzuru/concurrency'
import { Event } from '@yuzuru/concurrency/sync'
import { describe, expect, test, vi } from 'vitest'
import {
  actOutside,
  callsOf,
  openStage,
  post,
  problemIn,
  refusal,
  STAGES,
  summaryOf,
} from '../../test/idempotent-stage.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import type { IdempotencyStore } from './idempotency-store.ts'
import type { HandlerEffects, IdempotentOptions } from './idempotent-options.ts'
import { idempotent } from './idempotent.ts'

describe.each(Object.entries(STAGES))('%s:', (_name, open) => {
  const stage = (options: Partial<IdempotentOptions<never>> = {}) => openStage(open, options)

  test('a 500 after an effect outside, in a handler that was to have none, is not run again', async () => {
    const { options } = await stage()
    const handler = vi.fn(async () => {
      await actOutside()
      return new Response('broken', { status: 500 })
    })
    const handle = idempotent(handler, options)
    expect((await handle(post('k'))).status).toBe(500)
    const unknown = { status: 409, code: 'outcome_unknown', retryable: false, outcome: 'unknown' }
    expect(await problemIn(await handle(post('k')))).toMatchObject(unknown)
    expect(handler).toHaveBeenCalledOnce()
  })

  test('with repeatable effects, a repeat runs again under the same key of its own', async () => {
    const { options } = await stage({ effects: 'repeatable' })
    const keys: string[] = []
    const handle = idempotent(async (_request, { idempotencyKey }) => {
      keys.push(idempotencyKey)
      await actOutside()
      if (keys.length === 1) throw refusal('unknown')
      return new Response('paid')
    }, options)
    await expect(handle(post('k'))).rejects.toMatchObject({ outcome: 'unknown' })
    // The key stays that of the request: another one must not be taken for a repeat.
    expect((await handle(post('k', 'other'))).status).toBe(422)
    expect(await summaryOf(await handle(post('k')))).toEqual([200, 'paid', null])
    expect(await summaryOf(await handle(post('k')))).toEqual([200, 'paid', 'true'])
    expect(keys).toEqual([expect.stringMatching(/^[\w-]{43}$/), keys[0]])
    await handle(post('k2'))
    expect(keys[2]).not.toBe(keys[0])
  })

  test.each<HandlerEffects>(['transaction', 'once'])(
    'what a handler has left behind counts when it acts after the end of its handler: %s',
    async (effects) => {
      const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
      const { options } = await stage({ effects })
      const failed = new Event()
      const handler = vi.fn(async () => {
        // It outlives a cancel, and so has its effect although the handler has failed.
        void shield(async () => {
          await failed.wait()
          await checkpoint()
          await actOutside()
        })
        failed.set()
        throw refusal('none')
      })
      const handle = idempotent(handler, options)
      await expect(handle(post('k'))).rejects.toMatchObject({ outcome: 'unknown' })
      expect((await handle(post('k'))).status).toBe(409)
      expect(handler).toHaveBeenCalledOnce()
      warn.mockRestore()
    },
  )

  test.each([
    ['an error', new RangeError('broken'), 409],
    ['a 500', new HttpProblem(500, 'Broken'), 409],
    ['an unknown outcome', refusal('unknown'), 409],
    ['an error of a call that had no effect', refusal('none'), 409],
    ['a 503 that says so', new HttpProblem(503, 'Busy', { outcome: 'none' }), 200],
  ])(
    'with effects that are had once, after %s the repeat gets its due',
    async (_, error, status) => {
      const { options } = await stage({ effects: 'once' })
      const failures: unknown[] = [error]
      const handler = vi.fn(async () => {
        const failure = failures.shift()
        if (failure !== undefined) throw failure
        return new Response('done')
      })
      const handle = idempotent(handler, options)
      await expect(handle(post('k'))).rejects.toBe(error)
      expect((await handle(post('k'))).status).toBe(status)
      expect(handler).toHaveBeenCalledTimes(status === 409 ? 1 : 2)
    },
  )

  test.each<[HandlerEffects, string, unknown, unknown]>([
    ['transaction', 'an error of a call that had no effect', refusal('none'), 'none'],
    ['repeatable', 'an error of a call that had no effect', refusal('none'), 'unknown'],
    ['once', 'an error of a call that had no effect', refusal('none'), 'unknown'],
    ['once', 'a 503 that says so', new HttpProblem(503, 'Busy', { outcome: 'none' }), 'none'],
    ['once', 'a 503 that says nothing', new HttpProblem(503, 'Busy'), undefined],
    ['once', 'an error', new RangeError('broken'), 'unknown'],
  ])('with the effects %s, %s is said to be what it is', async (effects, _, error, outcome) => {
    const { options } = await stage({ effects })
    const handle = idempotent(() => Promise.reject(error), options)
    await expect(handle(post('k'))).rejects.toMatchObject({ outcome })
  })

  test('with effects that are had once, a cancel leaves the outcome unknown', async () => {
    const { options } = await stage({ effects: 'once' })
    const handler = vi.fn(async () => {
      throw await cancelScope((scope) => {
        scope.cancel()
        return actOutside()
      }).catch((error: unknown) => error)
    })
    const handle = idempotent(handler, options)
    await expect(handle(post('k'))).rejects.toThrow()
    expect((await handle(post('k'))).status).toBe(409)
    expect(handler).toHaveBeenCalledOnce()
  })

  test('with effects that are had once, an answer that cannot be stored leaves the outcome unknown', async () => {
    const { options, store } = await stage({ effects: 'once' })
    const failing = refusal('none')
    const broken = { ...callsOf(store), finish: () => Promise.reject(failing) }
    const handler = vi.fn(async () => new Response('paid'))
    const handle = idempotent(handler, { ...options, store: broken })
    await expect(handle(post('k'))).rejects.toBe(failing)
    expect(failing.outcome).toBe('unknown')
    expect((await handle(post('k'))).status).toBe(409)
    expect(handler).toHaveBeenCalledOnce()
  })

  test('with effects that are had once, a transaction that does not begin frees the key', async () => {
    const { options, store } = await stage({ effects: 'once' })
    const broken = { ...callsOf(store), transaction: () => Promise.reject(refusal('none')) }
    const handler = vi.fn(async () => new Response('paid'))
    const first = idempotent(handler, { ...options, store: broken })(post('k'))
    await expect(first).rejects.toThrow('the bank said no')
    expect((await idempotent(handler, options)(post('k'))).status).toBe(200)
  })

  test('a transaction that is repeated runs its handler again only if all of it was undone', async () => {
    const { options, store } = await stage()
    const twice: IdempotencyStore<never> = {
      ...callsOf(store),
      async transaction(fn) {
        await store
          .transaction(async (tx) => {
            await fn(tx)
            throw new RangeError('undone')
          })
          .catch(() => undefined)
        return await store.transaction(fn)
      },
    }
    const plain = vi.fn(async () => new Response('done'))
    const handle = idempotent(plain, { ...options, store: twice })
    expect((await handle(post('k'))).status).toBe(200)
    expect(plain).toHaveBeenCalledTimes(2)
    const outside = vi.fn(async () => new Response(await actOutside()))
    const second = idempotent(outside, { ...options, store: twice })
    await expect(second(post('k2'))).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect((await second(post('k2'))).status).toBe(409)
    expect(outside).toHaveBeenCalledOnce()
  })

  test.each<[HandlerEffects, number]>([
    ['transaction', 200],
    ['repeatable', 200],
    ['once', 409],
  ])('of a process that died: %s, so its repeat gets %i', async (effects, status) => {
    const { options, store } = await stage({ effects })
    // Nothing more is heard of it, and its lease is over.
    const died: IdempotencyStore<never> = {
      ...callsOf(store),
      claim: (request) => store.claim({ ...request, leaseMs: 0 }),
      transaction: () => Promise.reject(refusal('none')),
      release: () => Promise.reject(refusal('none')),
    }
    const handler = vi.fn(async () => new Response('done'))
    await expect(idempotent(handler, { ...options, store: died })(post('k'))).rejects.toThrow()
    expect((await idempotent(handler, options)(post('k'))).status).toBe(status)
  })

  test('a claim whose answer was lost is given back', async () => {
    const { options, store } = await stage()
    const lossy: IdempotencyStore<never> = {
      ...callsOf(store),
      async claim(request) {
        await store.claim(request)
        throw refusal('unknown')
      },
    }
    const handler = vi.fn(async () => new Response('done'))
    const first = idempotent(handler, { ...options, store: lossy })(post('k'))
    await expect(first).rejects.toThrow('the bank said no')
    expect(handler).not.toHaveBeenCalled()
    expect((await idempotent(handler, options)(post('k'))).status).toBe(200)
  })
})
