import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { currentScope, throwIfCancelled } from '../scopes/current-scope.ts'
import { remaining } from '../scopes/remaining.ts'
import { sleep } from '../scopes/sleep.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'
import { TestClock } from '../testing/test-clock.ts'
import { io } from './io.ts'
import { oneCall } from './one-call.ts'

const write = (): Promise<void> =>
  io({ boundary: 'x', operation: 'write', effect: 'write' }, {}, async () => {})

const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('oneCall', () => {
  test('gives what the function returns, in a scope of the name', async () => {
    expect(await oneCall('x.all', {}, () => currentScope()?.name)).toBe('x.all')
  })

  test('counts for a failure what went before it', async () => {
    const none = await failureOf(oneCall('x.all', {}, () => Promise.reject(new Failed())))
    expect(none).toMatchObject({ outcome: 'none' })
    const error = await failureOf(
      oneCall('x.all', {}, async () => {
        await write()
        throw new Failed()
      }),
    )
    expect(error).toMatchObject({ outcome: 'unknown' })
  })

  test('holds one deadline over all of it', async () => {
    using clock = TestClock.install()
    const running = failureOf(
      oneCall('x.all', { timeoutMs: 100 }, async () => {
        await sleep(60)
        expect(remaining()).toBe(40)
        await sleep(60)
      }),
    )
    await clock.advance(100)
    const error = await running
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ scope: 'x.all', timeoutMs: 100 })
  })

  test.each([undefined, 1_000])(
    'ends with its signal, also with a deadline of %j',
    async (timeoutMs) => {
      const controller = new AbortController()
      const { signal } = controller
      const running = failureOf(oneCall('x.all', { signal, timeoutMs }, () => sleep(Infinity)))
      expect(getEventListeners(signal, 'abort')).toHaveLength(1)
      controller.abort()
      expect(await running).toBeInstanceOf(Cancelled)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    },
  )

  test.each([{}, { timeoutMs: 1_000 }, { timeoutMs: 1_000, signal: new AbortController().signal }])(
    'hands the function its scope with %j',
    async (options) => {
      const error = await failureOf(
        oneCall('x.all', options, (scope) => {
          scope.cancel('enough')
          throwIfCancelled()
        }),
      )
      expect(error).toMatchObject({ source: 'scope', message: expect.stringContaining('enough') })
    },
  )

  test('does not begin in a cancelled scope', async () => {
    let began = false
    const error = await failureOf(
      cancelScope(async (scope) => {
        scope.cancel()
        await oneCall('x.all', { timeoutMs: 1_000 }, () => {
          began = true
        })
      }),
    )
    expect(error).toBeInstanceOf(Cancelled)
    expect(began).toBe(false)
  })
})

class Failed extends Error {
  outcome = 'none'
}
