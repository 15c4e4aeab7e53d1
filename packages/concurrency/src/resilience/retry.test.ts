import { describe, expect, test, vi } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { IoError, type IoErrorInit } from '../boundary/io-error.ts'
import { retry } from './retry.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { io } from '../boundary/io.ts'
import { outcomeOf } from '../scopes/outcome.ts'

const failure = (init: Partial<IoErrorInit> = {}): IoError =>
  new IoError('no', {
    boundary: 'test',
    operation: 'call',
    code: 'busy',
    retryable: true,
    outcome: 'none',
    ...init,
  })

const around = {
  boundary: 'test',
  operation: 'around',
  effect: 'idempotent',
  translate: 'none',
} as const

/** Counts its calls; fails with each of `errors` in turn, then succeeds. */
const failing = (...errors: unknown[]): { calls: number; fn: () => Promise<string> } => {
  const state = {
    calls: 0,
    fn: async () => {
      const error = errors[state.calls]
      state.calls += 1
      if (error !== undefined) throw error
      return 'value'
    },
  }
  return state
}

describe('retry', () => {
  test('calls again what failed and may be tried again', async () => {
    using clock = TestClock.install()
    const { fn } = failing(failure(), failure())
    const result = retry(fn)
    await clock.advance(1_000)
    expect(await result).toBe('value')
  })

  test('waits a random time up to a bound that doubles, and is capped', async () => {
    using clock = TestClock.install()
    const delays: number[] = []
    const { fn } = failing(failure(), failure(), failure(), failure())
    const result = retry(fn, {
      attempts: 5,
      baseDelayMs: 100,
      maxDelayMs: 350,
      random: () => 0.5,
      onRetry: (_, attempt, delayMs) => delays.push(attempt, delayMs),
    })
    await clock.advance(1_000)
    await result
    expect(delays).toEqual([1, 50, 2, 100, 3, 175, 4, 175])
  })

  test('without settings: up to three attempts, at first within 100 ms, at last within 10 s', async () => {
    using clock = TestClock.install()
    const delays: number[] = []
    const settings = {
      random: () => 0.5,
      onRetry: (_: unknown, __: number, delayMs: number) => void delays.push(delayMs),
    }
    const errors = Array.from({ length: 9 }, () => failure())
    const third = expect(retry(failing(...errors).fn, settings)).rejects.toThrow('no')
    await clock.advance(150)
    await third
    const all = retry(failing(...errors).fn, { attempts: 10, ...settings })
    await clock.advance(60_000)
    await all
    expect(delays).toEqual([50, 100, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  })

  test('a hint that is no number is none', async () => {
    using clock = TestClock.install()
    const foreign = { retryable: true, outcome: 'none', retryAfterMs: 'soon' }
    const result = retry(failing(foreign).fn, { random: () => 0 })
    await clock.advance(0)
    expect(await result).toBe('value')
  })

  test('in a cancelled scope nothing is called', async () => {
    const calls = failing()
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await retry(calls.fn)
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(calls.calls).toBe(0)
  })

  test('gives up after so many attempts, with the last failure', async () => {
    using clock = TestClock.install()
    const last = failure()
    const calls = failing(failure(), failure(), last)
    const result = expect(retry(calls.fn)).rejects.toBe(last)
    await clock.advance(1_000)
    await result
    expect(calls.calls).toBe(3)
  })

  test.each([
    ['is not retryable', failure({ retryable: false })],
    ['has an unknown outcome', failure({ outcome: 'unknown' })],
    ['does not say', new Error('mine')],
  ])('does not try again what %s', async (_, error) => {
    const calls = failing(error)
    await expect(retry(calls.fn)).rejects.toBe(error)
    expect(calls.calls).toBe(1)
  })

  test('tries again with an unknown outcome when it is idempotent', async () => {
    using clock = TestClock.install()
    const result = retry(failing(failure({ outcome: 'unknown' })).fn, { idempotent: true })
    await clock.advance(100)
    expect(await result).toBe('value')
  })

  describe('whose attempt may have had its effect says so of', () => {
    const unsure = failure({ outcome: 'unknown' })
    const afterOne = (options: object, ...errors: unknown[]): Promise<unknown> =>
      retry(failing(unsure, ...errors).fn, { idempotent: true, ...options })

    test.each<[string, () => Promise<unknown>]>([
      ['the last failure', () => afterOne({ attempts: 2 }, failure())],
      ['a failure some attempts later', () => afterOne({ attempts: 3 }, failure(), failure())],
      ['one that may not be tried again', () => afterOne({}, failure({ retryable: false }))],
      ['one of which nothing is known', () => afterOne({}, new Error('mine'))],
      [
        'one that waits too long',
        () => withTimeout(900, () => afterOne({}, failure({ retryAfterMs: 1e9 }))),
      ],
      [
        'one without a budget',
        () => {
          const budget = {
            deposit: () => undefined,
            tryWithdraw: vi.fn(() => false).mockReturnValueOnce(true),
          }
          return afterOne({ budget: budget as never }, failure())
        },
      ],
      [
        'a cancel of the scope around it',
        () => withTimeout(50, () => afterOne({ random: () => 1 })),
      ],
      [
        'one made while that is cancelled',
        () =>
          cancelScope((scope) => {
            const errors = [unsure, failure()]
            const fn = (attempt: number): never => {
              if (attempt === 2) scope.cancel()
              throw errors[attempt - 1]
            }
            return retry(fn, { idempotent: true })
          }),
      ],
      [
        'the last one where the first did not say',
        () => {
          const { fn } = failing(new Error('socket hang up'), failure())
          return retry(fn, { attempts: 2, idempotent: true, when: () => true })
        },
      ],
      [
        'the last one where the first was no error, and wrote',
        () => {
          const fn = async (attempt: number): Promise<never> => {
            if (attempt === 2) throw failure()
            await io({ ...around, effect: 'write' }, {}, () => 'done')
            throw 'a text'
          }
          return retry(fn, { attempts: 2, idempotent: true, when: () => true })
        },
      ],
      [
        'one of a call that translates nothing',
        () =>
          io(around, {}, (_signal, progress) => {
            progress.sent = false
            return afterOne({ attempts: 2 }, failure())
          }),
      ],
    ])('%s', async (_, failing) => {
      using clock = TestClock.install()
      const settled = failing().catch((error: unknown) => error)
      await clock.advance(1_000)
      expect(outcomeOf(await settled)).toBe('unknown')
    })

    test('none when all that was tried was none', async () => {
      using clock = TestClock.install()
      const settled = retry(failing(failure(), failure()).fn, { attempts: 2, idempotent: true })
      const error = settled.catch((error: unknown) => error)
      await clock.advance(1_000)
      expect(outcomeOf(await error)).toBe('none')
    })
  })

  test('waits as long as the other side asked', async () => {
    using clock = TestClock.install()
    const calls = failing(failure({ retryAfterMs: 5_000 }))
    const result = retry(calls.fn)
    await clock.advance(4_999)
    expect(calls.calls).toBe(1)
    await clock.advance(1)
    expect(await result).toBe('value')
  })

  describe('whose caller’s own function throws', () => {
    const mistake = new TypeError('Cannot read properties of undefined')
    const wrong = (): never => {
      throw mistake
    }

    test.each([
      ['when', { when: wrong }],
      ['onRetry', { onRetry: wrong, idempotent: true }],
    ])('shows what %s threw, and the failure with its outcome', async (_, options) => {
      const error = failure({ outcome: 'unknown' })
      const thrown: unknown = await retry(failing(error).fn, options).catch((each: unknown) => each)
      expect(thrown).toMatchObject({ error: mistake, suppressed: error })
    })

    test('the failure itself is thrown as it is, with what attempts before it may have done', async () => {
      using clock = TestClock.install()
      const errors = [failure({ outcome: 'unknown' }), failure()]
      const onRetry = (error: unknown, attempt: number): void => {
        if (attempt === 2) throw error
      }
      const thrown = retry(failing(...errors).fn, { onRetry, idempotent: true }).catch(
        (each: unknown) => each,
      )
      await clock.advance(1_000)
      expect(await thrown).toBe(errors[1])
      expect(outcomeOf(await thrown)).toBe('unknown')
    })
  })

  test('waits as long as any part of a combined failure asked', async () => {
    using clock = TestClock.install()
    const parts = [failure(), failure({ retryAfterMs: 5_000 }), failure({ retryAfterMs: 50 })]
    const calls = failing(new AggregateError(parts))
    const result = retry(calls.fn)
    await clock.advance(4_999)
    expect(calls.calls).toBe(1)
    await clock.advance(1)
    expect(await result).toBe('value')
  })

  test('never waits past the deadline: it throws the failure at once', async () => {
    using clock = TestClock.install()
    const error = failure({ retryAfterMs: 5_000 })
    await expect(withTimeout(5_000, () => retry(failing(error).fn))).rejects.toBe(error)
    expect(clock.now()).toBe(0)
  })

  test('a cancel ends the wait', async () => {
    using clock = TestClock.install()
    const result = cancelScope(async (scope) => {
      setImmediate(() => scope.cancel())
      await retry(failing(failure({ retryAfterMs: 5_000 })).fn)
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(clock.pending).toBe(0)
  })

  test('a cancelled call is not made again', async () => {
    let calls = 0
    const result = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await retry(() => {
        calls += 1
        return sleep(Infinity)
      })
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(calls).toBe(1)
  })

  test('a failure in the course of a cancel is thrown as it is; the cancel stays pending', async () => {
    const error = failure()
    const result = cancelScope(async (scope) => {
      const thrown = retry(() => {
        scope.cancel()
        throw error
      })
      await expect(thrown).rejects.toBe(error)
      await sleep(0)
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('tells the number of the attempt', async () => {
    expect(await retry((attempt) => attempt)).toBe(1)
  })

  test.each([0, 1.5])('refuses %s attempts', async (attempts) => {
    await expect(retry(() => 1, { attempts })).rejects.toThrow(TypeError)
  })

  test('one attempt is a retry of none; what is no function is refused', async () => {
    const calls = failing(failure())
    await expect(retry(calls.fn, { attempts: 1 })).rejects.toThrow('no')
    expect(calls.calls).toBe(1)
    await expect(retry(1 as never)).rejects.toThrow('Expected fn to be a function, got 1')
  })

  describe('when', () => {
    const idempotent = { when: () => true, idempotent: true, baseDelayMs: 0 }

    test.each([
      ['a plain Error', new Error('plain')],
      ['a TypeError, as of fetch', new TypeError('fetch failed')],
      ['a text', 'text'],
      ['null', null],
      ['an error that says it is not retryable', failure({ retryable: false })],
    ])('says that %s may be tried again', async (_, error) => {
      using clock = TestClock.install()
      const asked: unknown[] = []
      const { fn } = failing(error, error)
      const result = retry(fn, {
        ...idempotent,
        when: (...told) => {
          asked.push(told)
          return true
        },
      })
      await clock.advance(1)
      expect(await result).toBe('value')
      expect(asked).toEqual([
        [error, 1],
        [error, 2],
      ])
    })

    test('says that it may not, also what is retryable', async () => {
      const state = failing(failure())
      await expect(retry(state.fn, { ...idempotent, when: () => false })).rejects.toThrow('no')
      expect(state.calls).toBe(1)
    })

    test('does not say that it is safe: what may have happened is not done again, and that is told', async () => {
      const told: string[] = []
      vi.spyOn(process, 'emitWarning').mockImplementation(
        (warning) => void told.push(String(warning)),
      )
      for (const error of [new Error('hunter2'), failure({ outcome: 'unknown' }), 7]) {
        const state = failing(error)
        await expect(retry(state.fn, { when: () => true })).rejects.toBe(error)
        expect(state.calls).toBe(1)
      }
      expect(told).toEqual([
        expect.stringMatching(/^retry did not repeat what failed \(Error\).* `idempotent: true`/),
        expect.stringMatching(/^retry did not repeat what failed \(IoError busy\)/),
        expect.stringMatching(/^retry did not repeat what failed \(number\)/),
      ])
    })

    test('is never asked for a cancel, also one within other errors', async () => {
      const cancel = new Cancelled('enough', { source: 'task', scope: 's' })
      const all = [
        cancel,
        new AggregateError([new Error('x'), cancel]),
        new SuppressedError(new Error('x'), cancel),
      ]
      for (const error of all) {
        const state = failing(error)
        await expect(retry(state.fn, idempotent)).rejects.toBe(error)
        expect(state.calls).toBe(1)
      }
      const state = failing(new Error('made of the cancel'))
      const result = cancelScope((scope) => {
        return retry(() => {
          scope.cancel()
          return state.fn()
        }, idempotent)
      })
      await expect(result).rejects.toThrow('made of the cancel')
      expect(state.calls).toBe(1)
    })

    test('is a function that gives a boolean, and no promise of one', async () => {
      await expect(retry(() => 1, { when: true as never })).rejects.toThrow(
        'Expected when to be a function, got true',
      )
      const { fn } = failing(new Error('x'))
      const when = async (): Promise<boolean> => true
      await expect(retry(fn, { when: when as never })).rejects.toThrow(
        'Expected when to return a boolean, got an instance of Promise',
      )
    })
  })
})
