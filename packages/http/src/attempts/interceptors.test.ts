import { IoError } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import type { HttpInterceptor } from './interceptor.ts'
import { HttpResponse } from '../response/http-response.ts'
import type { HttpInit } from '../request/http-init.ts'
import type { ScriptedReply } from '../testing/scripted-peer.ts'

test('interceptors wrap each attempt, the first outermost', async () => {
  const seen: string[] = []
  const log =
    (name: string): HttpInterceptor =>
    (next) =>
    async (request) => {
      seen.push(`${name} ${request.attempt}`)
      const response = await next({ ...request, headers: { ...request.headers, [name]: 'on' } })
      seen.push(`${name} ${response.status}`)
      return response
    }
  await using fake = createFakeHttp({
    interceptors: [log('outer'), log('inner')],
    retry: { baseDelayMs: 0 },
  })
  fake.script.reply({ status: 503 }, { status: 200 })
  await fake.http.request('/')
  expect(seen).toEqual([
    'outer 1',
    'inner 1',
    'inner 503',
    'outer 503',
    'outer 2',
    'inner 2',
    'inner 200',
    'outer 200',
  ])
  expect(fake.script.requests[1]?.headers).toMatchObject({ outer: 'on', inner: 'on' })
})

test('an interceptor may send again: a token that has expired is renewed', async () => {
  let token = 'old'
  const authorize: HttpInterceptor = (next) => async (request) => {
    const send = (): ReturnType<typeof next> =>
      next({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
    const response = await send()
    if (response.status !== 401) return response
    response[Symbol.dispose]()
    token = 'new'
    return await send()
  }
  await using fake = createFakeHttp({ interceptors: [authorize] })
  fake.script.otherwise(({ headers }) => ({
    status: headers['authorization'] === 'Bearer new' ? 200 : 401,
  }))
  expect((await fake.http.request('/', { method: 'POST' })).ok).toBe(true)
})

test('what an interceptor throws is told as the cause', async () => {
  const cause = new Error('bug')
  const fail: HttpInterceptor = () => async () => await Promise.reject(cause)
  await using fake = createFakeHttp({ interceptors: [fail] })
  await expect(fake.http.request('/', { method: 'POST' })).rejects.toMatchObject({
    code: 'unexpected',
    outcome: 'none',
    cause,
  })
})

test('an interceptor may answer itself', async () => {
  const local: HttpInterceptor = (next) => async (request) =>
    request.url.pathname === '/local'
      ? HttpResponse.of(request, { status: 201, headers: { 'X-A': 'b' }, body: '{"a":1}' })
      : next(request)
  await using fake = createFakeHttp({ interceptors: [local] })
  const response = await fake.http.request('/local')
  expect([response.status, response.headers.get('x-a'), await response.json()]).toEqual([
    201,
    'b',
    { a: 1 },
  ])
  expect(fake.script.requests).toHaveLength(0)
})

test('what an earlier sending may have done is not forgotten in a later one of the same attempt', async () => {
  const twice: HttpInterceptor = (next) => async (request) => {
    const first = await next(request).catch(() => undefined)
    first?.[Symbol.dispose]()
    return await next(request)
  }
  await using fake = createFakeHttp({ interceptors: [twice], retry: false })
  for (const first of [{ status: 500 }, { status: 200 }, 'reset', 'drop'] as const) {
    fake.script.reply(first, { status: 404 })
    const after = fake.http.request('/', { method: 'POST' })
    await expect(after).rejects.toMatchObject({ status: 404, outcome: 'unknown' })
  }
  for (const first of [{ status: 401 }, { status: 429 }] as const) {
    fake.script.reply(first, { status: 404 })
    const after = fake.http.request('/', { method: 'POST' })
    await expect(after).rejects.toMatchObject({ status: 404, outcome: 'none' })
  }
})

/** A refusal that was written by a service that had acted before. */
function problem(status: number, outcome: string, headers = {}): ScriptedReply {
  const type = { 'content-type': 'application/problem+json' }
  return { status, headers: { ...type, ...headers }, body: JSON.stringify({ outcome }) }
}

describe('what a problem says of its request is not lost', () => {
  const again: HttpInterceptor = (next) => async (request) => {
    const first = await next(request)
    if (first.status === 404) return first
    first[Symbol.dispose]()
    return await next(request)
  }

  test.each([
    ['409, unknown', problem(409, 'unknown'), 'unknown'],
    ['401, unknown', problem(401, 'unknown'), 'unknown'],
    ['409, none', problem(409, 'none'), 'none'],
    ['401, without a word of ours', problem(401, 'perhaps'), 'none'],
    // Nobody reads that much of it.
    ['401, too long', problem(401, 'x'.repeat(20_000)), 'unknown'],
  ])('when an interceptor sends again after %s', async (_, first, outcome) => {
    await using fake = createFakeHttp({ interceptors: [again], retry: false })
    fake.script.reply(first, { status: 404 })
    const refused = fake.http.request('/', { method: 'POST' })
    await expect(refused).rejects.toMatchObject({ status: 404, outcome })
  })

  test('when an interceptor sends a stream again, whose problem has not come yet', async () => {
    await using fake = createFakeHttp({ interceptors: [again], retry: false })
    fake.script.reply(problem(409, 'unknown'), { status: 404 })
    const refused = fake.http.stream('/', { method: 'POST' })
    await expect(refused).rejects.toMatchObject({ status: 404, outcome: 'unknown' })
  })

  test.each(['body', 'text'] as const)('when an interceptor has read its %s', async (how) => {
    const read: HttpInterceptor = (next) => async (request) => {
      const response = await next(request)
      if (how === 'text') await response.text()
      else for await (const _ of response.body) continue
      return response
    }
    await using fake = createFakeHttp({ interceptors: [read], retry: false })
    fake.script.reply(problem(409, 'unknown'))
    const refused = fake.http.request('/', { method: 'POST' })
    await expect(refused).rejects.toMatchObject({ status: 409, outcome: 'unknown' })
  })

  test('when it sends elsewhere, and that is followed', async () => {
    await using fake = createFakeHttp({ redirect: 'follow', retry: false })
    fake.script.reply(problem(307, 'unknown', { location: '/there' }), { status: 404 })
    const refused = fake.http.request('/', { method: 'POST' })
    await expect(refused).rejects.toMatchObject({ status: 404, outcome: 'unknown' })
  })

  test('when it is accepted, and sent again for its status', async () => {
    const retry = { attempts: 2, baseDelayMs: 0, statuses: [429] }
    await using fake = createFakeHttp({ retry })
    fake.script.reply(problem(429, 'unknown'), { status: 404 })
    const acceptStatus = (status: number): boolean => status === 429
    const refused = fake.http.request('/', { method: 'PUT', acceptStatus })
    await expect(refused).rejects.toMatchObject({ status: 404, outcome: 'unknown' })
  })
})

describe('what an interceptor sent counts, whatever it answers', () => {
  const answers: Readonly<Record<string, HttpInterceptor>> = {
    'with an answer of its own': (next) => async (request) => {
      await next(request).catch(() => undefined)
      return HttpResponse.of(request, { status: 409 })
    },
    'with an answer of its own, while what it sent is under way': (next) => (request) => {
      next(request).catch(() => undefined)
      return Promise.resolve(HttpResponse.of(request, { status: 409 }))
    },
    'with an error of something else': (next) => async (request) => {
      await next(request).catch(() => undefined)
      const init = { boundary: 'cache', operation: 'get', code: 'away' } as const
      throw new IoError('the cache is away', { ...init, outcome: 'none', retryable: true })
    },
    'with the answer to another sending': (next) => async (request) => {
      const first = await next(request)
      await next(request).catch(() => undefined)
      return first
    },
  }

  test.each(Object.keys(answers))('%s', async (how) => {
    const interceptors = [answers[how] as HttpInterceptor]
    await using fake = createFakeHttp({ interceptors, retry: false })
    if (how.includes('another')) fake.script.reply({ status: 409 })
    fake.script.otherwise(how.includes('under way') ? 'silence' : 'reset')
    const refused = fake.http.request('/', { method: 'POST' })
    await expect(refused).rejects.toMatchObject({ outcome: 'unknown' })
  })
})

test('an interceptor may promise that what it has sent did nothing, of its attempt only', async () => {
  const believe: HttpInterceptor = (next) => async (request) => {
    const { status, body } = await next(request)
    for await (const _ of body) continue
    return HttpResponse.of(request, { status, outcome: status === 503 ? 'none' : undefined })
  }
  await using fake = createFakeHttp({ interceptors: [believe], retry: { baseDelayMs: 0 } })
  fake.script.reply({ status: 503 })
  const turnedAway = fake.http.request('/', { method: 'POST' })
  await expect(turnedAway).rejects.toMatchObject({ status: 503, outcome: 'none' })
  fake.script.reply({ status: 500 }, { status: 503 }, { status: 503 })
  const failed = fake.http.request('/', { method: 'PUT' })
  await expect(failed).rejects.toMatchObject({ status: 503, outcome: 'unknown' })
})

describe('a request that an interceptor makes another one of counts as what it is then', () => {
  const others: Readonly<Record<string, readonly [HttpInterceptor, HttpInit]>> = {
    'a POST instead of a GET': [(next) => (request) => next({ ...request, method: 'POST' }), {}],
    'a POST instead of a PUT': [
      (next) => (request) => next({ ...request, method: 'POST' }),
      { method: 'PUT', body: 'x' },
    ],
    'a POST without its key': [
      (next) => (request) => {
        const { 'idempotency-key': _, ...headers } = request.headers
        return next({ ...request, headers })
      },
      { method: 'POST', body: 'x', idempotencyKey: 'plan-1' },
    ],
  }

  test.each(Object.keys(others))('%s is not sent twice, and unknown', async (name) => {
    const [interceptor, init] = others[name] as (typeof others)[string]
    await using fake = createFakeHttp({ interceptors: [interceptor], retry: { baseDelayMs: 0 } })
    fake.script.otherwise('reset')
    const lost = fake.http.request('/', init)
    await expect(lost).rejects.toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(fake.script.requests).toHaveLength(1)
  })

  test.each(Object.keys(others))('%s is unknown when it is cancelled', async (name) => {
    const [interceptor, init] = others[name] as (typeof others)[string]
    await using fake = createFakeHttp({ interceptors: [interceptor] })
    fake.script.reply('silence')
    const cancel = new AbortController()
    const call = fake.http.request('/', { ...init, signal: cancel.signal })
    const ended = expect(call).rejects.toMatchObject({ name: 'Cancelled', outcome: 'unknown' })
    await fake.script.received(1)
    cancel.abort()
    await ended
  })
})
