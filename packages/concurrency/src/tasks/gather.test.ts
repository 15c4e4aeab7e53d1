import { scheduler } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { io } from '../boundary/io.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { checkpoint } from '../scopes/checkpoint.ts'
import type { CancelScope } from '../scopes/scope.ts'
import { gather } from './gather.ts'
import { sleep } from '../scopes/sleep.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'

const slow = (signal: AbortSignal): Promise<void> => scheduler.wait(10_000, { signal })

describe('gather', () => {
  test('gives the results in the shape of what it was given', async () => {
    expect(await gather([() => 1, async () => 'b'])).toEqual([1, 'b'])
    expect(await gather({ a: () => 1, b: async () => 'b' })).toEqual({ a: 1, b: 'b' })
    expect(await gather([])).toEqual([])
    expect(await gather({})).toEqual({})
  })

  test('runs all together', async () => {
    using clock = TestClock.install()
    const both = gather([() => sleep(10), () => sleep(10)])
    await clock.advance(10)
    await both
  })

  test('names its tasks after what it was given', async () => {
    const look = (): void => {
      expect(formatTaskTree()).toMatch(/^group gather \d+ ms\n└─ task office \d+ ms$/)
    }
    await gather({ office: look })
  })

  test('one failure is thrown as it is, once the others have ended', async () => {
    const log: string[] = []
    const failure = new Error('no')
    const result = gather([
      () => Promise.reject(failure),
      async () => {
        try {
          await sleep(Infinity)
        } finally {
          log.push('other ended')
        }
      },
    ])
    await expect(result).rejects.toBe(failure)
    expect(log).toEqual(['other ended'])
  })

  test('several failures come in one AggregateError', async () => {
    const result = gather([
      () => Promise.reject(new Error('a')),
      () => Promise.reject(new Error('b')),
    ])
    await expect(result).rejects.toMatchObject({
      message: '2 failures in "gather"',
      errors: [new Error('a'), new Error('b')],
    })
  })

  test('with settle, failures are results and cancel nobody', async () => {
    using clock = TestClock.install()
    const failure = new Error('no')
    const result = gather(
      {
        bad: () => Promise.reject(failure),
        late: () => withTimeout(5, () => sleep(Infinity)),
        good: async () => {
          await sleep(10)
          return 1
        },
      },
      { settle: true },
    )
    await clock.advance(10)
    expect(await result).toEqual({
      bad: { status: 'rejected', reason: failure },
      late: { status: 'rejected', reason: expect.objectContaining({ code: 'timeout' }) },
      good: { status: 'fulfilled', value: 1 },
    })
  })

  test('with settle, an outer cancel is thrown and never a result', async () => {
    const result = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await gather([() => sleep(Infinity), () => Promise.reject(new Error('no'))], { settle: true })
      expect.unreachable()
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('a call that was cancelled alone has no result: its cancel is thrown, and ends the others', async () => {
    const write = { boundary: 'test', operation: 'write', effect: 'write' } as const
    const cancelled = (scope?: CancelScope): Promise<void> => {
      scope?.cancel('enough')
      return checkpoint()
    }
    const result = gather([cancelled, () => io(write, {}, (signal) => slow(signal))])
    await expect(result).rejects.toMatchObject({ message: 'enough', outcome: 'unknown' })
  })

  test('what ends by a cancel of something else takes along what its siblings did', async () => {
    const write = { boundary: 'test', operation: 'write', effect: 'write' } as const
    const cancelledWithin = (): Promise<void> =>
      cancelScope(async (scope) => {
        await io({ ...write, effect: 'read' }, {}, () => checkpoint())
        scope.cancel('enough')
        await checkpoint()
      })
    const result = gather([
      () => io({ ...write, effect: 'read' }, {}, cancelledWithin),
      () => io(write, {}, (signal) => slow(signal)),
    ])
    await expect(result).rejects.toMatchObject({ message: 'enough', outcome: 'unknown' })
  })

  test.each([
    ['a promise', Promise.resolve(1), 'an instance of Promise'],
    ['a Map', new Map([['a', () => 1]]), 'an instance of Map'],
    ['a Set', new Set([() => 1]), 'an instance of Set'],
    ['a generator', (function* () {})(), 'an object'],
  ])('refuses what has no entries: %s', async (_what, wrong, got) => {
    await expect(gather(wrong as never)).rejects.toThrow(
      `Expected an array or object of functions, got ${got}`,
    )
  })

  test('takes an object without a prototype', async () => {
    expect(await gather(Object.assign(Object.create(null), { a: () => 1 }))).toEqual({ a: 1 })
  })

  test('refuses promises: it starts the work itself', async () => {
    await expect(gather([Promise.resolve(1) as never])).rejects.toThrow(
      'Expected 0 to be a function, got an instance of Promise: write gather([() => work()]), not gather([work()])',
    )
    for (const wrong of [1, null]) {
      await expect(gather(wrong as never)).rejects.toThrow(
        `Expected an array or object of functions, got ${wrong}`,
      )
    }
  })
})
