import { sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { post } from '../../test/idempotent-stage.ts'
import { healthOf } from '../health/health.ts'
import { idempotent } from '../idempotency/idempotent.ts'
import { problem } from '../problems/problem.ts'
import type { RequestLine } from '../request/request-log.ts'
import { inject, memoryIdempotencyStore, serveInMemory } from '../testing.ts'
import { HttpProblem } from '../problems/http-problem.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000

describe.each([
  ['forward', YEAR_MS],
  ['back', -YEAR_MS],
])('the system’s clock is set %s by a year', (_where, byMs) => {
  const jump = (): void => void vi.setSystemTime(Date.now() + byMs)

  test('a request under way keeps its deadline, and its time in the log is its own', async () => {
    using clock = TestClock.install()
    const lines: RequestLine[] = []
    const log = { info: (line: RequestLine): void => void lines.push(line) }
    const begun = Promise.withResolvers<void>()
    const app = async (request: Request): Promise<Response> => {
      begun.resolve()
      await sleep(request.url.endsWith('/late') ? Infinity : 500)
      return new Response('done')
    }
    await using server = await serveInMemory(app, { maxRequestMs: 1_000, log })
    const [answer, late] = ['/plans', '/late'].map((path) => server.inject(path))
    await begun.promise
    jump()
    await clock.advance(500)
    expect((await answer)?.status).toBe(200)
    jump()
    await clock.advance(500)
    expect((await late)?.status).toBe(504)
    expect(lines.map(({ durationMs }) => durationMs)).toEqual([500, 1_000])
  })

  test('a check is still run at most once a second', async () => {
    const check = vi.fn()
    const health = healthOf({ db: check })
    await health()
    jump()
    await health()
    expect(check).toHaveBeenCalledOnce()
  })

  test('a client is asked to wait as long as before', async () => {
    jump()
    const busy = new HttpProblem(503, 'Busy', { retryAfterMs: 2_000 })
    expect(problem(busy).headers.get('retry-after')).toBe('2')
    const answer = await inject(() => problem(busy), '/')
    expect(answer.headers.get('retry-after')).toBe('2')
  })

  test('a claim stands, and so does an answer', async () => {
    const store = memoryIdempotencyStore()
    const running = Promise.withResolvers<void>()
    const handle = idempotent(
      async () => {
        await running.promise
        return new Response('done')
      },
      { store, caller: 'everyone' },
    )
    const first = handle(post('k'))
    await new Promise(setImmediate)
    jump()
    expect((await handle(post('k'))).status).toBe(409)
    running.resolve()
    expect((await first).status).toBe(200)
    jump()
    expect((await handle(post('k'))).headers.get('idempotent-replayed')).toBe('true')
  })
})
