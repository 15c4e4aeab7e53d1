import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'

test('a breaker stops sending to an origin that keeps failing, and tries it again later', async () => {
  using clock = TestClock.install()
  const breaker = { failures: 3, coolDownMs: 10_000 }
  await using fake = createFakeHttp({ breaker, retry: false })
  fake.script.otherwise({ status: 500 })
  for (let count = 0; count < 3; count += 1) {
    await expect(fake.http.request('/')).rejects.toMatchObject({ status: 500 })
  }
  await expect(fake.http.request('/', { method: 'POST' })).rejects.toMatchObject({
    code: 'circuit_open',
    outcome: 'none',
    retryable: true,
    retryAfterMs: 10_000,
  })
  expect(fake.script.requests).toHaveLength(3)
  fake.script.otherwise({ status: 200 })
  // Another origin is none of its business.
  expect((await fake.http.request('http://other.invalid/')).ok).toBe(true)
  await clock.advance(10_000)
  expect((await fake.http.request('/')).ok).toBe(true)
})

test('an answer that blames the caller does not open it', async () => {
  await using fake = createFakeHttp({ breaker: { failures: 1 }, retry: false })
  fake.script.otherwise({ status: 404 })
  for (let count = 0; count < 3; count += 1) {
    await expect(fake.http.request('/')).rejects.toMatchObject({ status: 404 })
  }
})
