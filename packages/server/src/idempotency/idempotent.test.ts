import { cancelScope, Cancelled, outcomeOf } from '@yuzuru/concurrency'
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
import type { IdempotentOptions } from './idempotent-options.ts'
import { idempotent } from './idempotent.ts'

describe.each(Object.entries(STAGES))('%s:', (_name, open) => {
  const stage = (options: Partial<IdempotentOptions<never>> = {}) => openStage(open, options)

  test('a repeat gets the same answer, marked, and has no effect', async () => {
    const { options, act, count } = await stage()
    const handle = idempotent(async (request, { tx }) => {
      await act(tx)
      return Response.json(await request.json(), { status: 201, headers: { location: '/plans/1' } })
    }, options)
    expect(await summaryOf(await handle(post('"k"', '{"a":1}')))).toEqual([201, '{"a":1}', null])
    for (const key of ['"k"', 'k']) {
      const repeat = await handle(post(key, '{"a":1}'))
      expect(repeat.headers.get('location')).toBe('/plans/1')
      expect(repeat.headers.get('content-type')).toBe('application/json')
      expect(await summaryOf(repeat)).toEqual([201, '{"a":1}', 'true'])
    }
    expect(await count()).toBe(1)
  })

  test('another request under the key gets 422', async () => {
    const { options, act, count } = await stage()
    const handle = idempotent(async (_request, { tx }) => {
      await act(tx)
      return new Response('done')
    }, options)
    await handle(post('k'))
    const answer = await handle(post('k', '{"a":2}'))
    expect(await problemIn(answer)).toMatchObject({
      status: 422,
      code: 'idempotency_conflict',
      outcome: 'none',
    })
    expect(await count()).toBe(1)
  })

  test('equal keys of two callers never meet', async () => {
    const it = await stage()
    const handle = idempotent(
      async (request, { tx }) => {
        await it.act(tx)
        return new Response(request.headers.get('x-account'))
      },
      { store: it.store, caller: (request) => request.headers.get('x-account') ?? '' },
    )
    const from = (account: string): Request => post('k', '{}', { 'x-account': account })
    expect(await (await handle(from('a'))).text()).toBe('a')
    expect(await summaryOf(await handle(from('b')))).toEqual([200, 'b', null])
    expect(await summaryOf(await handle(from('b')))).toEqual([200, 'b', 'true'])
    expect(await it.count()).toBe(2)
  })

  test('a repeat of a request that is under way gets 409 with Retry-After', async () => {
    const { options, act, count } = await stage()
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const handle = idempotent(async (_request, { tx }) => {
      await act(tx)
      begun.resolve()
      await go.promise
      return new Response('done')
    }, options)
    const first = handle(post('k'))
    await begun.promise
    const repeat = await handle(post('k'))
    expect(repeat.headers.get('retry-after')).toBe('1')
    const running = { status: 409, code: 'conflict', retryable: true, outcome: 'unknown' }
    expect(await problemIn(repeat)).toMatchObject(running)
    go.resolve()
    expect(await (await first).text()).toBe('done')
    expect(await count()).toBe(1)
  })

  test.each([
    ['a 503 that is returned', () => new Response('busy', { status: 503 })],
    ['a 429 that is returned', () => new Response('busy', { status: 429 })],
    ['a 500 that is thrown', () => Promise.reject(new HttpProblem(500, 'Broken'))],
    ['an error', () => Promise.reject(new RangeError('broken'))],
    ['a failure that may succeed later', () => Promise.reject(refusal('none'))],
    ['an answer that is too long', () => new Response('x'.repeat(101))],
    ['an answer that is none', () => 'done' as unknown as Response],
  ])('%s undoes what was done and frees the key', async (_what, fail) => {
    const { options, act, count } = await stage({ maxAnswerBytes: 100 })
    const answers = [fail, async () => new Response('done')]
    const handle = idempotent(async (_request, { tx }) => {
      await act(tx)
      return await (answers.shift() ?? expect.unreachable)()
    }, options)
    const first = await handle(post('k', '1')).catch((error: unknown) => error)
    expect(first instanceof Response ? first.status : 500).toBeGreaterThan(428)
    expect(await count()).toBe(0)
    // It is free for another request, too.
    expect(await summaryOf(await handle(post('k', '2')))).toEqual([200, 'done', null])
    expect(await summaryOf(await handle(post('k', '2')))).toEqual([200, 'done', 'true'])
    expect(await count()).toBe(1)
  })

  test('a 4xx that is thrown undoes what was done and is replayed', async () => {
    const { options, act, count } = await stage()
    const handler = vi.fn(async (_request: Request, { tx }: { readonly tx: never }) => {
      await act(tx)
      throw new HttpProblem(409, 'Approved already', { code: 'conflict' })
    })
    const handle = idempotent(handler, options)
    const first = await handle(post('k'))
    const repeat = await handle(post('k'))
    expect([first.status, repeat.status]).toEqual([409, 409])
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(await repeat.text()).toBe(await first.text())
    expect([handler.mock.calls.length, await count()]).toEqual([1, 0])
  })

  test('a 4xx that is returned is stored with what was done', async () => {
    const { options, act, count } = await stage()
    const handle = idempotent(async (_request, { tx }) => {
      await act(tx)
      return new Response('no', { status: 403 })
    }, options)
    await handle(post('k'))
    expect(await summaryOf(await handle(post('k')))).toEqual([403, 'no', 'true'])
    expect(await count()).toBe(1)
  })

  test('a cancel undoes what was done and frees the key', async () => {
    const { options, act, count } = await stage()
    let calls = 0
    const handle = idempotent(async (_request, { tx }) => {
      await act(tx)
      calls += 1
      if (calls === 1) throw (await cancelled()) as Error
      return new Response('done')
    }, options)
    let cancel = (): void => undefined
    const cancelled = async (): Promise<unknown> => {
      cancel()
      return await actOutside().catch((error: unknown) => error)
    }
    const leaving = cancelScope((scope) => {
      cancel = () => scope.cancel('the client has gone')
      return handle(post('k'))
    })
    const error = await leaving.catch((error: unknown) => error)
    expect([Cancelled.isInstance(error), outcomeOf(error)]).toEqual([true, 'none'])
    expect(await count()).toBe(0)
    expect(await (await handle(post('k'))).text()).toBe('done')
    expect(await count()).toBe(1)
  })

  test('a process that has lost its claim rolls back, and its client is to ask again', async () => {
    const it = await stage({ leaseMs: 100 })
    // It stood still for longer than its lease, and does not know.
    const late: IdempotencyStore<never> = {
      ...callsOf(it.store),
      claim: (request) => it.store.claim({ ...request, leaseMs: 0 }),
      renew: async () => true,
    }
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const first = idempotent(
      async (_request, { tx }) => {
        begun.resolve()
        await go.promise
        await it.act(tx)
        return new Response('late')
      },
      { ...it.options, store: late },
    )(post('k'))
    await begun.promise
    const handle = idempotent(async (_request, { tx }) => {
      await it.act(tx)
      return new Response('in time')
    }, it.options)
    expect(await (await handle(post('k'))).text()).toBe('in time')
    go.resolve()
    expect((await first).status).toBe(409)
    expect(await it.count()).toBe(1)
    expect(await summaryOf(await handle(post('k')))).toEqual([200, 'in time', 'true'])
  })
})
