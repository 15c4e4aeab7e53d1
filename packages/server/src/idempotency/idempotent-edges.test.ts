import { sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test, vi } from 'vitest'
import { callsOf, memoryStage, post, problemIn, summaryOf } from '../../test/idempotent-stage.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import { idempotent } from './idempotent.ts'

describe('a request', () => {
  const handler = vi.fn(async () => new Response('done'))
  const open = async (options: object = {}): Promise<(request: Request) => Promise<Response>> => {
    const { store } = await memoryStage()
    return idempotent(handler, { store, caller: 'everyone', ...options })
  }

  test.each([
    ['without a key', undefined, 400],
    ['with an empty key', '', 400],
    ['with a key of 10,000 characters', 'k'.repeat(10_000), 400],
    ['with bytes that are no text', '"\xc3\x28"', 400],
    ['with two keys', '"a", "b"', 400],
  ])('%s gets %3$i, and its handler is not called', async (_what, key, status) => {
    handler.mockClear()
    const answer = await (await open())(post(key))
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await problemIn(answer)).toMatchObject({ status, code: 'invalid_request' })
    expect(handler).not.toHaveBeenCalled()
  })

  test.each([
    ['of a known length', '12345'],
    ['of no known length', new Blob(['123', '45']).stream()],
  ])('with a body that is too long, %s, gets 413', async (_what, body) => {
    handler.mockClear()
    const handle = await open({ maxBodyBytes: 4 })
    const init = { method: 'POST', body, duplex: 'half', headers: { 'idempotency-key': 'k' } }
    const answer = await handle(new Request('http://a.example/', init as RequestInit))
    expect(await problemIn(answer)).toMatchObject({ status: 413, code: 'too_large' })
    expect(handler).not.toHaveBeenCalled()
  })

  test('whose body was read already is a mistake of the program', async () => {
    const request = post('k')
    await request.text()
    await expect((await open())(request)).rejects.toThrow('Expected a request whose body is still')
  })

  test('has its caller checked first', async () => {
    const refuse = (): never => {
      throw new HttpProblem(401, 'Sign in')
    }
    await expect((await open({ caller: refuse }))(post(undefined))).rejects.toThrow('Sign in')
    await expect((await open({ caller: () => '' }))(post('k'))).rejects.toThrow(TypeError)
  })

  test('may have what else the framework gives', async () => {
    const { store } = await memoryStage()
    const handle = idempotent(
      async (_request, _context, context: { readonly user: string }) => new Response(context.user),
      { store, caller: (_request, { user }) => user },
    )
    expect(await (await handle(post('k'), { user: 'hanako' })).text()).toBe('hanako')
  })

  test('without a body is one like any other', async () => {
    const handle = await open()
    const request = (): Request =>
      new Request('http://a.example/', { headers: { 'idempotency-key': 'g' } })
    expect(await summaryOf(await handle(request()))).toEqual([200, 'done', null])
    expect(await summaryOf(await handle(request()))).toEqual([200, 'done', 'true'])
  })
})

describe('an answer', () => {
  const answerWith = async (
    response: () => Response,
    options: object = {},
  ): Promise<Response[]> => {
    const { store } = await memoryStage()
    const handle = idempotent(async () => response(), { store, caller: 'everyone', ...options })
    return [await handle(post('k')), await handle(post('k'))]
  }

  test('keeps what describes it, and nothing that is one client’s own', async () => {
    const headers = new Headers({
      'content-type': 'text/plain',
      etag: '"1"',
      'x-total': '3',
      'x-session': 'secret',
    })
    headers.append('set-cookie', 'session=secret')
    const [first, repeat] = await answerWith(() => new Response('done', { headers }), {
      keepHeaders: ['X-Total'],
    })
    expect(first?.headers.getSetCookie()).toEqual(['session=secret'])
    expect(first?.headers.get('x-session')).toBe('secret')
    expect(Object.fromEntries(repeat?.headers ?? [])).toEqual({
      'content-type': 'text/plain',
      etag: '"1"',
      'x-total': '3',
      'idempotent-replayed': 'true',
    })
  })

  test('of no body stays one', async () => {
    const [first, repeat] = await answerWith(() => new Response(null, { status: 204 }))
    expect([first?.status, repeat?.status, repeat?.body]).toEqual([204, 204, null])
  })

  test('is replayed for ttlMs, and then forgotten', async () => {
    using clock = TestClock.install()
    const { store } = await memoryStage()
    let calls = 0
    const handler = async (): Promise<Response> => new Response(`${(calls += 1)}`)
    const handle = idempotent(handler, { store, caller: 'everyone', ttlMs: 60_000 })
    const next = async (): Promise<string> => await (await handle(post('k'))).text()
    expect([await next(), await next()]).toEqual(['1', '1'])
    await clock.advance(59_999)
    expect(await next()).toBe('1')
    await clock.advance(1)
    expect(await next()).toBe('2')
  })
})

describe('a claim', () => {
  test('is renewed as long as its handler runs', async () => {
    using clock = TestClock.install()
    const { store } = await memoryStage()
    const go = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const handler = async (): Promise<Response> => {
      begun.resolve()
      await go.promise
      return new Response('done')
    }
    const handle = idempotent(handler, { store, caller: 'everyone', leaseMs: 3_000 })
    const first = handle(post('k'))
    await begun.promise
    for (let second = 0; second < 10; second += 1) await clock.advance(1_000)
    expect((await handle(post('k'))).status).toBe(409)
    go.resolve()
    expect(await (await first).text()).toBe('done')
    expect(clock.pending).toBe(0)
  })

  test('that is lost cancels its handler', async () => {
    using clock = TestClock.install()
    const { store } = await memoryStage()
    const begun = Promise.withResolvers<void>()
    const lost = { ...callsOf(store), renew: async () => false }
    const handler = async (): Promise<Response> => {
      begun.resolve()
      await sleep(Infinity)
      return new Response('never')
    }
    const first = idempotent(handler, { store: lost, caller: 'everyone', leaseMs: 3_000 })(
      post('k'),
    )
    await begun.promise
    await clock.advance(1_000)
    expect((await first).status).toBe(409)
  })
})

describe('options', () => {
  test.each([
    [{}, 'store'],
    [{ caller: undefined }, 'caller'],
    [{ caller: 'nobody' }, 'caller'],
    [{ effects: 'twice' }, 'effects'],
    [{ ttlMs: 0 }, 'ttlMs'],
    [{ leaseMs: 99 }, 'leaseMs'],
    [{ maxBodyBytes: -1 }, 'maxBodyBytes'],
    [{ maxAnswerBytes: 1.5 }, 'maxAnswerBytes'],
    [{ keepHeaders: 'etag' }, 'keepHeaders'],
    [{ keepHeaders: ['a b'] }, 'keepHeaders'],
    [{ keepHeaders: ['Set-Cookie'] }, 'keepHeaders'],
    [{ tttlMs: 1 }, 'a known option of idempotent'],
  ])('%o is a TypeError', async (options, what) => {
    const { store } = await memoryStage()
    const base = what === 'store' ? {} : { store, caller: 'everyone' }
    const make = (): unknown =>
      idempotent(async () => new Response(), { ...base, ...options } as never)
    expect(make).toThrow(`Expected ${what}`)
  })
})
