import { Cancelled, cancelScope, sleep } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { shortDay } from '../../test/open-test-app.ts'
import { dayEvents } from './day-events.tsx'
import { DayRuns, type LiveDay } from './day-runs.ts'

const TITLES = ['one', 'two', 'three'].map((title) => ({ ja: title, en: title }))

const statesOf = (runs: DayRuns): string[] => runs.steps.map(({ state }) => state)

/** A day that has begun its first step, and goes on when it is let. */
function pausedDay() {
  const begun = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const live: LiveDay = async (observer) => {
    observer.begins(1, TITLES[0]!)
    begun.resolve()
    try {
      await sleep(Infinity)
    } finally {
      closed.resolve()
    }
    return []
  }
  return { live, begun: begun.promise, closed: closed.promise }
}

test('each step is waiting, running, held or failed', async () => {
  await using runs = new DayRuns(TITLES)
  expect([runs.state, ...statesOf(runs)]).toEqual(['none', 'waiting', 'waiting', 'waiting'])
  const seen: string[][] = []
  await runs.run(async (observer) => {
    observer.begins(1, TITLES[0]!)
    seen.push(statesOf(runs))
    return await shortDay(observer)
  })
  expect(seen).toEqual([['running', 'waiting', 'waiting']])
  expect([runs.state, ...statesOf(runs)]).toEqual(['over', 'held', 'failed', 'waiting'])
  expect(runs.steps[1]?.failure).toBe('StripeError: connection_lost')
  await runs.run(async () => [])
  expect(statesOf(runs)).toEqual(['waiting', 'waiting', 'waiting'])
})

test('there is one at a time, and a cancel ends it with all that it had started', async () => {
  await using runs = new DayRuns(TITLES)
  const day = pausedDay()
  const running = runs.run(day.live)
  await day.begun
  let lived = false
  const second = async () => {
    lived = true
    return []
  }
  expect(await runs.run(second)).toBeUndefined()
  expect(lived).toBe(false)
  runs.cancel()
  expect(await running).toBeUndefined()
  await day.closed
  expect([runs.state, ...statesOf(runs)]).toEqual(['cancelled', 'cut-off', 'waiting', 'waiting'])
  await runs.run(second)
  expect(lived).toBe(true)
})

test('the end of the program is one of the day, and is no failure of it', async () => {
  await using runs = new DayRuns(TITLES)
  const day = pausedDay()
  const stop = new AbortController()
  const running = cancelScope(() => runs.run(day.live), { signal: stop.signal })
  await day.begun
  stop.abort()
  await expect(running).rejects.toSatisfy((error) => Cancelled.isInstance(error))
  await day.closed
  expect(runs.state).toBe('cancelled')
})

test('what ends a day before its first step is said', async () => {
  await using runs = new DayRuns(TITLES)
  const run = runs.run(() => Promise.reject(new Error('no PostgreSQL')))
  await expect(run).rejects.toThrow('no PostgreSQL')
  expect([runs.state, runs.failure]).toEqual(['failed', 'Error: no PostgreSQL'])
})

test('a follower gets all at first, then each change, then the end', async () => {
  const runs = new DayRuns(TITLES)
  await using day = runs
  const stop = new AbortController()
  const reader = dayEvents(runs, 'en', stop.signal).getReader()
  const next = async (): Promise<string> =>
    new TextDecoder().decode((await reader.read()).value ?? new Uint8Array())
  expect(await next()).toBe('retry: 500\n\n')
  expect((await next()).match(/"id":"[\w-]+"/g)).toHaveLength(4)
  const { live, begun } = pausedDay()
  const running = runs.run(live)
  await begun
  const change = await next()
  expect(change).toContain('step-1')
  expect(change).toContain('Running')
  const closing = day[Symbol.asyncDispose]()
  let last = ''
  for (let text = await next(); text !== ''; text = await next()) last = text
  expect(last).toContain('event: end')
  await closing
  expect(await running).toBeUndefined()
  const other = dayEvents(new DayRuns(TITLES), 'en', AbortSignal.abort())
  expect(await new Response(other).text()).toBe('retry: 500\n\n')
})
