import { remaining, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp } from '../http.ts'
import type { HttpOptions } from '../http-options.ts'
import { createFakeHttp, type FakeHttp } from '../testing/fake-http.ts'
import type { HttpBudgetOptions } from './budget.ts'
import { grpcTimeout } from './budget.ts'

const HEADER = 'x-envoy-expected-rq-timeout-ms'
const OURS = 'http://plans.invalid'
const EXPIRED = { status: 504, headers: { 'deadline-expired': '?1' } }

let clock: TestClock
beforeEach(() => {
  clock = TestClock.install()
})
afterEach(() => clock[Symbol.dispose]())

function client(budget: Partial<HttpBudgetOptions> = {}, options: HttpOptions = {}): FakeHttp {
  return createFakeHttp({
    origin: OURS,
    retry: { baseDelayMs: 100, random: () => 0.5 },
    ...options,
    budget: { origins: [OURS], ...budget },
  })
}

const sent = ({ script }: FakeHttp, name = HEADER): (string | undefined)[] =>
  script.requests.map(({ headers }) => headers[name])

describe('what is left of the deadline', () => {
  test.each([
    ['as whole milliseconds, less a margin', {}, HEADER, '240'],
    ['less the margin that it has', { marginMs: 100 }, HEADER, '150'],
    ['as gRPC writes it', { header: 'grpc-timeout' }, 'grpc-timeout', '240m'],
    ['in a header of its own', { header: 'X-Budget', marginMs: 0.5 }, 'x-budget', '249'],
  ] as const)('is sent %s', async (_what, budget, header, value) => {
    await using fake = client(budget)
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/'))
    expect(sent(fake, header)).toEqual([value])
  })

  test('is that of the call where it is nearer, and of the client’s own limit', async () => {
    await using fake = client()
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/', { timeoutMs: 100 }))
    await fake.http.request('/')
    expect(sent(fake)).toEqual(['90', '59990'])
  })

  test('is not sent when there is no deadline', async () => {
    await using fake = client({}, { timeouts: { totalMs: Infinity } })
    fake.script.otherwise({})
    await fake.http.request('/')
    expect(sent(fake)).toEqual([undefined])
  })

  test('of a stream is that of its reader, not of its head', async () => {
    await using fake = client()
    fake.script.otherwise({})
    const read = async (init?: object): Promise<void> => {
      using _answer = await fake.http.stream('/', init)
    }
    await read()
    await read({ timeoutMs: 90_000 })
    await withTimeout(250_000, () => read())
    expect(sent(fake)).toEqual([undefined, '89990', '249990'])
  })

  test('of each attempt is what is left at its moment', async () => {
    await using fake = client()
    fake.script.reply({ status: 503 }, { status: 503 }, {})
    const call = withTimeout(1_000, () => fake.http.request('/'))
    await fake.script.received(1)
    await clock.advance(50)
    await fake.script.received(2)
    await clock.advance(100)
    await call
    expect(sent(fake)).toEqual(['990', '940', '840'])
  })

  test('counts from when a connection was free', async () => {
    await using fake = client({}, { connections: 1 })
    const gate = Promise.withResolvers<void>()
    fake.script.reply({ after: gate.promise }, {})
    const first = fake.http.request('/first', { timeoutMs: 2_000 })
    const second = withTimeout(1_000, () => fake.http.request('/second'))
    await clock.advance(400)
    gate.resolve()
    await Promise.all([first, second])
    expect(sent(fake)).toEqual(['1990', '590'])
  })

  test('is that of an interceptor where it is nearer', async () => {
    const interceptors: HttpOptions['interceptors'] = [
      (next) => (request) => withTimeout(50, () => next(request)),
    ]
    await using fake = client({}, { interceptors })
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/'))
    expect(sent(fake)).toEqual(['40'])
  })

  test('replaces one that the call has itself', async () => {
    await using fake = client()
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/', { headers: { [HEADER]: '9' } }))
    expect(sent(fake)).toEqual(['240'])
  })
})

describe('nobody else gets it', () => {
  const reached = async (budget: Partial<HttpBudgetOptions>, url: string): Promise<boolean> => {
    await using fake = client(budget, { allowedOrigins: 'any' })
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request(url))
    return sent(fake)[0] !== undefined
  }

  test.each([
    [`${OURS}:80/x`, true],
    ['http://plans.invalid:8080/', false],
    ['https://plans.invalid/', false],
    ['http://plans.invalid.evil.invalid/', false],
    ['http://other.invalid/', false],
  ])('%s: %s', async (url, expected) => {
    expect(await reached({}, url)).toBe(expected)
    expect(await reached({ origins: (origin) => origin === OURS }, url)).toBe(expected)
  })

  test('by a promise that is taken for yes', async () => {
    await using fake = client({ origins: (async () => false) as never })
    const call = withTimeout(250, () => fake.http.request('/', { method: 'POST' }))
    await expect(call).rejects.toThrow('Expected budget.origins to return a boolean')
    expect(fake.script.requests).toEqual([])
  })

  test('nobody at all by default', async () => {
    await using fake = createFakeHttp({ origin: OURS })
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/'))
    expect(Object.keys(fake.script.requests[0]?.headers ?? {})).toEqual([])
  })

  test.each([301, 302, 303, 307, 308])('also not by a redirect (%i)', async (status) => {
    await using fake = client({}, { redirect: 'follow' })
    const to = (location: string) => ({ status, headers: { location } })
    fake.script.reply(to('/same'), to('http://other.invalid/'), to(`${OURS}/home`), {})
    await withTimeout(250, () => fake.http.request('/'))
    expect(sent(fake)).toEqual(['240', '240', undefined, '240'])
  })

  test('also not by an interceptor', async () => {
    const interceptors: HttpOptions['interceptors'] = [
      (next) => (request) => next({ ...request, url: new URL('http://other.invalid/') }),
    ]
    await using fake = client({}, { interceptors, allowedOrigins: 'any' })
    fake.script.otherwise({})
    await withTimeout(250, () => fake.http.request('/'))
    expect(sent(fake)).toEqual([undefined])
  })
})

describe('with nothing left but the margin', () => {
  test.each(['GET', 'POST'])('a %s is never sent, and the outcome is none', async (method) => {
    await using fake = client({ marginMs: 10 })
    const call = withTimeout(10.5, () => fake.http.request('/', { method }))
    await expect(call).rejects.toMatchObject({
      name: 'HttpError',
      code: 'deadline_expired',
      outcome: 'none',
      retryable: false,
    })
    expect(fake.script.requests).toEqual([])
    expect(fake.http.stats()).toMatchObject({ active: 0, origins: [{ running: 0, queued: 0 }] })
  })

  test('no repeat is waited for, whatever the server asks', async () => {
    await using fake = client({ marginMs: 100 })
    fake.script.otherwise({ status: 503 })
    const call = withTimeout(150, () => fake.http.request('/'))
    await expect(call).rejects.toMatchObject({ code: 'unavailable', status: 503 })
    expect([fake.script.requests.length, clock.now()]).toEqual([1, 0])
  })

  test('what an earlier attempt may have done is not forgotten', async () => {
    const interceptors: HttpOptions['interceptors'] = [
      (next) => async (request) => {
        if (request.attempt > 1) await clock.advance(remaining() - 50)
        return await next(request)
      },
    ]
    await using fake = client({ marginMs: 100 }, { interceptors, retry: { baseDelayMs: 0 } })
    fake.script.reply('reset')
    const call = withTimeout(1_000, () => fake.http.request('/', { method: 'PUT', body: 'x' }))
    await expect(call).rejects.toMatchObject({ code: 'deadline_expired', outcome: 'unknown' })
    expect(fake.script.requests).toHaveLength(1)
  })
})

describe('an answer that says that the deadline has passed', () => {
  const spent = async (fake: FakeHttp, init: object): Promise<unknown> => {
    const gate = Promise.withResolvers<void>()
    fake.script.reply({ ...EXPIRED, after: gate.promise })
    const call = withTimeout(1_000, () => fake.http.request('/', init)).catch((error) => error)
    await fake.script.received(1)
    await clock.advance(990)
    gate.resolve()
    return await call
  }

  test.each([
    ['GET', 'none'],
    ['PUT', 'unknown'],
    ['POST', 'unknown'],
  ])('ends a %s that has spent its budget, with the outcome %s', async (method, outcome) => {
    await using fake = client({}, { retry: { baseDelayMs: 0 } })
    expect(await spent(fake, { method })).toMatchObject({
      code: 'deadline_expired',
      status: 504,
      outcome,
    })
    expect(fake.script.requests).toHaveLength(1)
  })

  test('is repeated while there is time: it was a limit of the server’s', async () => {
    await using fake = client({}, { retry: { baseDelayMs: 0 } })
    fake.script.reply(EXPIRED, {})
    await withTimeout(1_000, () => fake.http.request('/'))
    expect(fake.script.requests).toHaveLength(2)
  })

  test.each([
    [504, {}],
    [504, { 'deadline-expired': '1' }],
    [503, { 'deadline-expired': '?1' }],
  ])('is not what any other says: %i %o', async (status, headers) => {
    await using fake = client({}, { retry: false })
    fake.script.reply({ status, headers })
    await expect(fake.http.request('/')).rejects.toMatchObject({ code: 'unavailable' })
  })
})

test.each([
  [1, '1m'],
  [99_999_999, '99999999m'],
  [100_000_000, '100000S'],
  [100_000_999, '100000S'],
  [99_999_999_999, '99999999S'],
  [100_000_000_000, '1666666M'],
  [Number.MAX_SAFE_INTEGER, '99999999H'],
])('%d ms are the grpc-timeout %s', (ms, text) => {
  expect(grpcTimeout(ms)).toBe(text)
})

test('a grpc-timeout has at most eight digits, and is never longer than what is left', () => {
  const unitMs: Readonly<Record<string, number>> = { m: 1, S: 1_000, M: 60_000, H: 3_600_000 }
  fc.assert(
    fc.property(fc.maxSafeNat(), (ms) => {
      const { count = '', unit = '' } =
        /^(?<count>\d{1,8})(?<unit>[mSMH])$/.exec(grpcTimeout(ms))?.groups ?? {}
      const said = Number(count) * (unitMs[unit] ?? Number.NaN)
      expect(said <= ms && (said > ms * 0.99 || unit === 'm' || unit === 'H')).toBe(true)
    }),
  )
})

test.each([
  [undefined, true],
  [{}, false],
  [{ origins: 'http://a' }, false],
  [{ origins: ['a'] }, false],
  [{ origins: ['http://a/path'] }, false],
  [{ origins: ['http://user:hunter2@a'] }, false],
  [{ origins: [], header: 'a b' }, false],
  [{ origins: [], header: 'Host' }, false],
  [{ origins: [], header: 'content-length' }, false],
  [{ origins: [], marginMs: -1 }, false],
  [{ origins: [], marginMs: Infinity }, false],
  [{ origins: [], margin: 1 }, false],
  [{ origins: [] }, true],
])('the option %o is one: %s', async (budget, expected) => {
  const make = () => createHttp({ budget: budget as never })
  if (expected) await make().close()
  else expect(make).toThrow(/^Expected (?!.*hunter2)/s)
})
