import { describe, expect, test } from 'vitest'
import { asCompleted } from '../tasks/as-completed.ts'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { gather } from '../tasks/gather.ts'
import { io } from '../boundary/io.ts'
import type { IoCall } from '../boundary/io-call.ts'
import { IoError } from '../boundary/io-error.ts'
import { mapConcurrent } from '../tasks/map-concurrent.ts'
import { moveOnAfter } from './move-on-after.ts'
import { outcomeOf } from './outcome.ts'
import type { CancelScope, Scope } from './scope.ts'
import { retry } from '../resilience/retry.ts'
import { shield } from './shield.ts'
import { singleFlight } from '../resilience/single-flight.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from './timeout.ts'

const writing: IoCall = { boundary: 'test', operation: 'write', effect: 'write' }
const reading: IoCall = { boundary: 'test', operation: 'read', effect: 'read' }

/** A write that was sent, and whose answer comes only when it is cancelled. */
const write = (): Promise<never> =>
  io(writing, {}, (signal) => {
    const { promise, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason))
    return promise
  })

/** A write that goes on whatever its signal says. */
const deafWrite = (): Promise<void> => io(writing, {}, () => shield(() => sleep(1_000)))

/** A read that fails after 5 ms such that it may be tried again: nothing has happened. */
const failingRead = (): Promise<never> =>
  io(reading, {}, async () => {
    await sleep(5)
    throw refused()
  })

function refused(): IoError {
  const told = { boundary: 'test', operation: 'read', code: 'busy', retryable: true } as const
  return new IoError('busy', { ...told, outcome: 'none' })
}

const late = (): Promise<void> => withTimeout(5, () => sleep(1_000))

/** What may end the body of a call that has sent something: each says `none` of its own scope. */
const ENDED_WITHIN: Readonly<Record<string, () => unknown>> = {
  'a deadline': late,
  'a cancel': () =>
    cancelScope(async (scope) => {
      scope.cancel()
      await sleep(1)
    }),
  'several deadlines': () => gather([late, late]),
  'a deadline and a failure': () => {
    throw new AggregateError([
      refused(),
      new Cancelled('left', { source: 'scope', scope: 'x', within: { outcome: 'none' } }),
    ])
  },
}

/** What `fn` throws while the clock moves on for a second. */
async function failureOf(fn: () => unknown): Promise<unknown> {
  using clock = TestClock.install()
  const failing = (async () => await fn())().then(
    () => expect.unreachable('nothing was thrown'),
    (error: unknown) => error,
  )
  await clock.advance(2_000)
  return await failing
}

async function consume(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results) continue
}

describe('an effect counts from when it may have left, whatever becomes of its error', () => {
  test.each<[string, () => unknown]>([
    ['left behind by a grace', () => withTimeout(10, deafWrite, { graceMs: 10 })],
    ['in a flight whose caller leaves', () => withTimeout(10, singleFlight(write))],
    ['cancelled by a sibling in gather', () => gather([write, failingRead])],
    [
      'cancelled by a sibling in a group',
      () =>
        taskGroup((group) => {
          group.spawn(write)
          group.spawn(failingRead)
        }),
    ],
    ['cancelled in asCompleted', () => consume(asCompleted([write, failingRead]))],
    [
      'cancelled in mapConcurrent',
      () => consume(mapConcurrent([write, failingRead], (call) => call(), { concurrency: 2 })),
    ],
    [
      'within two timeouts that end a moment apart',
      () => withTimeout(11, () => withTimeout(10, write)),
    ],
    [
      'failed without an outcome, caught, and then the time was over',
      () =>
        withTimeout(10, async () => {
          await io(writing, {}, () => Promise.reject(new TypeError('Expected x'))).catch(() => 0)
          await sleep(Infinity)
        }),
    ],
    [
      'done, before something else failed with "none"',
      () =>
        cancelScope(async () => {
          await io(writing, {}, () => 1)
          await failingRead()
        }),
    ],
    [
      'done, before an error of one’s own',
      () =>
        cancelScope(async () => {
          await io(writing, {}, () => 1)
          throw new Error('no')
        }),
    ],
    [
      'done, before a frozen error',
      () =>
        cancelScope(async () => {
          await io(writing, {}, () => 1)
          throw Object.freeze(new Error('no'))
        }),
    ],
    [
      'within another call, which fails with what the one within said',
      () =>
        io(writing, {}, async (_, progress) => {
          progress.sent = false
          await io(writing, {}, () => 1)
          throw refused()
        }),
    ],
    ...['a deadline', 'a cancel', 'several deadlines', 'a deadline and a failure'].map(
      (within): [string, () => unknown] => [
        `sent, before ${within} of a scope within the same call`,
        () => io({ ...writing, translate: 'none' }, {}, ENDED_WITHIN[within] as () => unknown),
      ],
    ),
    [
      'shown as a settled result',
      async () => {
        const thunk = async (): Promise<void> => {
          await io(writing, {}, () => 1)
          await failingRead()
        }
        const [result] = await gather([thunk], { settle: true })
        throw (result as PromiseRejectedResult).reason
      },
    ],
  ])('%s', async (_, fn) => {
    expect(outcomeOf(await failureOf(fn))).toBe('unknown')
  })

  test.each<[string, () => unknown]>([
    ['a read', () => withTimeout(10, () => io(reading, {}, () => sleep(Infinity)))],
    [
      'a write that was not sent',
      () =>
        withTimeout(10, () =>
          io(writing, {}, (_, progress) => {
            progress.sent = false
            return sleep(Infinity)
          }),
        ),
    ],
    [
      'a call that answers for those within it',
      () =>
        io(writing, {}, async (_, progress) => {
          await io(writing, {}, () => 1)
          progress.outcome = 'none'
          throw refused()
        }),
    ],
    [
      'a call whose translation knows better',
      () =>
        io({ ...writing, translate: refused }, {}, async () => {
          await io(writing, {}, () => 1)
          throw new Error('409')
        }),
    ],
    [
      'parts that do not count',
      () =>
        withTimeout(10, async () => {
          await io({ ...writing, counts: false }, {}, () => 1)
          await sleep(Infinity)
        }),
    ],
    [
      'a flight that is said to read, and goes on for others',
      async () => {
        const flight = singleFlight(() => sleep(100), { effect: 'read' })
        const other = flight()
        try {
          await withTimeout(10, () => flight())
        } finally {
          await other
        }
      },
    ],
  ])('but not %s', async (_, fn) => {
    expect(outcomeOf(await failureOf(fn))).toBe('none')
  })

  test('so retry does not do it again', async () => {
    let attempts = 0
    const error = await failureOf(() =>
      retry(() => {
        attempts += 1
        return gather([write, failingRead])
      }),
    )
    expect(attempts).toBe(1)
    expect(error).toMatchObject({ code: 'busy', outcome: 'unknown' })
  })

  test('that of a flight counts for each of its callers while it is under way', async () => {
    const flight = singleFlight(write)
    const detached = singleFlight(write, { detached: true })
    const outcomes: unknown[] = []
    await cancelScope(async (whole) => {
      const ask = (fly: () => Promise<never>): Promise<void> =>
        cancelScope(async (scope) => {
          const flying = fly()
          outcomes.push(scope.outcome)
          if (outcomes.length === 3) whole.cancel()
          await flying
        })
      await gather([() => ask(flight), () => ask(flight), () => ask(detached)])
    }).catch(() => undefined)
    expect(outcomes).toEqual(['unknown', 'unknown', 'none'])
  })

  test('a flight that goes on for others may yet do it', async () => {
    const flight = singleFlight(() => sleep(100))
    let other: Promise<unknown> | undefined
    const error = await failureOf(async () => {
      other = flight()
      await withTimeout(10, () => flight())
    })
    expect(outcomeOf(error)).toBe('unknown')
    await other
  })

  test('that of a task in a group further out counts for the scope that spawned it', async () => {
    let attempts = 0
    let spawned: unknown
    const whole = await failureOf(() =>
      taskGroup(async (group) => {
        const attempt = (): Promise<void> => {
          attempts += 1
          return withTimeout(10, () =>
            cancelScope(async () => {
              group.spawn(write)
              await sleep(Infinity)
            }),
          )
        }
        spawned = await retry(attempt).catch((error: unknown) => error)
        throw spawned
      }),
    )
    expect(attempts).toBe(1)
    expect(spawned).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    expect(outcomeOf(whole)).toBe('unknown')
  })

  test('also when the task has ended, or the scope within which it was spawned has', async () => {
    await taskGroup(async (group) => {
      await cancelScope(async (scope) => {
        await cancelScope(() => void group.spawn(() => io(writing, {}, () => sleep(0))))
        expect(scope.outcome).toBe('unknown')
        await sleep(5)
        expect([group.running, scope.outcome]).toEqual([0, 'unknown'])
      })
    })
  })

  test('but not that of a task that reads, or that was spawned further out', async () => {
    await taskGroup(async (group) => {
      const written = group.spawn(() => io(writing, {}, () => sleep(5)))
      await cancelScope(async (scope) => {
        await group.spawn(() => io(reading, {}, () => sleep(0)))
        await written
        expect(scope.outcome).toBe('none')
      })
    })
  })

  test('that of a map that was made outside counts for the scope of the loop', async () => {
    const error = await failureOf(() =>
      cancelScope(async () => {
        const results = mapConcurrent([1, 2], write, { concurrency: 2 })
        const late = await withTimeout(10, () => consume(results)).catch(
          (thrown: unknown) => thrown,
        )
        throw late
      }),
    )
    expect(error).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })

  test('that of a map counts for each scope that has asked it', async () => {
    await taskGroup(async (group) => {
      const results = mapConcurrent([1, 2, 3], () => io(writing, {}, () => sleep(5)), {
        concurrency: 1,
      })
      const ask = async (scope: CancelScope): Promise<unknown> => {
        const { done } = await results.next()
        await sleep(100)
        return [done, scope.outcome]
      }
      const asked = [group.spawn(ask), group.spawn(ask)]
      expect(await Promise.all(asked)).toEqual([
        [false, 'unknown'],
        [false, 'unknown'],
      ])
      await results[Symbol.asyncDispose]()
    })
  })

  test('also for one that asked it before another did, at whose call it ends', async () => {
    await taskGroup(async (group) => {
      const go = Promise.withResolvers<void>()
      const each = async (n: number): Promise<void> => {
        if (n === 2) await go.promise
        await io(writing, {}, () => sleep(0))
      }
      const results = mapConcurrent([1, 2], each, { concurrency: 1 })
      const rest = group.spawn(async () => {
        await go.promise
        await consume(results)
      })
      await cancelScope(async (whole) => {
        await cancelScope(async () => {
          await results.next()
          go.resolve()
          await rest
        })
        expect(whole.outcome).toBe('unknown')
      })
    })
  })

  test('but not that of a call within that is not to count', async () => {
    await cancelScope(async (scope) => {
      const uncounted = io({ ...writing, counts: false }, {}, () => sleep(0))
      expect(scope.outcome).toBe('none')
      await uncounted
      expect(scope.outcome).toBe('none')
    })
  })

  test('what was begun elsewhere, and has ended, is not kept', async () => {
    await taskGroup(async (group) => {
      await cancelScope(async (scope) => {
        for (let count = 0; count < 100; count += 1) await group.spawn(() => sleep(0))
        expect((scope as Scope).begun?.size).toBe(0)
      })
    })
  })

  test('a cancel carries it, and moveOnAfter gives it', async () => {
    using clock = TestClock.install()
    const cancelled = failureOf(() =>
      cancelScope(async (scope) => {
        setImmediate(() => scope.cancel())
        await write()
      }),
    )
    expect(await cancelled).toMatchObject({ name: 'Cancelled', outcome: 'unknown' })
    const moved = moveOnAfter(10, write)
    const nothing = moveOnAfter(10, () => sleep(Infinity))
    await clock.advance(10)
    expect(await moved).toEqual({ expired: true, value: undefined, outcome: 'unknown' })
    expect(await nothing).toEqual({ expired: true, value: undefined, outcome: 'none' })
  })

  test('a scope tells it while the call is still under way', async () => {
    await cancelScope(async (scope) => {
      const call = io(writing, {}, async (_, progress) => {
        progress.sent = false
        await sleep(0)
        expect(scope.outcome).toBe('none')
        progress.sent = true
        expect(scope.outcome).toBe('unknown')
        await sleep(0)
        progress.sent = false
        throw new Error('refused')
      }).catch(() => undefined)
      await call
      // That it was refused is known now.
      expect(scope.outcome).toBe('none')
    })
  })

  test('of a cancel that somebody made himself nobody can know', () => {
    expect(new Cancelled('x', { source: 'scope', scope: 'x' }).outcome).toBe('unknown')
  })
})

describe('I/O that fails around I/O that succeeded', () => {
  const lost = new Error('lost')
  const around = (call: Partial<IoCall>, told?: 'none'): Promise<unknown> =>
    io({ ...reading, ...call }, {}, async (_, progress) => {
      await io(writing, {}, () => 'done')
      if (told !== undefined) progress.outcome = told
      throw lost
    })
  const translate = (cause: unknown, outcome: 'none' | 'unknown'): Error =>
    new IoError('translated', { ...reading, code: 'x', retryable: true, outcome, cause })

  /** What the failure says, and what the scope around the call knows. */
  async function outcomes(call: () => Promise<unknown>): Promise<unknown[]> {
    return await cancelScope(async (scope) => {
      const error = await call().catch((thrown: unknown) => thrown)
      return [outcomeOf(error), scope.outcome]
    })
  }

  test.each([
    ['of this package', {}],
    ['by a translation that goes by what is known', { translate }],
    ['by a translation that fails', { translate: () => expect.unreachable('a mistake') }],
  ])('is unknown %s', async (_, call) => {
    expect(await outcomes(() => around(call))).toEqual(['unknown', 'unknown'])
  })

  test('is unknown where the body says so, whatever else is known', async () => {
    const call = (): Promise<unknown> =>
      io({ ...writing, translate }, {}, (_, progress) => {
        progress.sent = false
        progress.outcome = 'unknown'
        throw lost
      })
    expect(await outcomes(call)).toEqual(['unknown', 'unknown'])
  })

  test('is none where the body says that all was taken back', async () => {
    expect(await outcomes(() => around({ translate }, 'none'))).toEqual(['none', 'none'])
  })

  test('a translation that fails hides neither the effect nor the failure', async () => {
    const mistake = new Error('mistake')
    const failing = (): Error => {
      throw mistake
    }
    const call = (): Promise<never> =>
      io({ ...writing, translate: failing }, {}, () => {
        throw lost
      })
    expect(await outcomes(call)).toEqual(['unknown', 'unknown'])
    await expect(call()).rejects.toMatchObject({ error: mistake, suppressed: lost })
  })
})
