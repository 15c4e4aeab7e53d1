import { expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import type { HttpInterceptor } from './interceptor.ts'
import { HttpResponse } from '../response/http-response.ts'

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
