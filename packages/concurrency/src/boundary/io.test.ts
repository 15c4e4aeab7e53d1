import { channel, tracingChannel } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { io } from './io.ts'
import type { IoCall, IoProgress } from './io-call.ts'
import { IoError } from './io-error.ts'
import type { IoEvent } from './io-trace.ts'
import type { Leftover } from '../scopes/leftover.ts'
import { type Effect, outcomeOf } from '../scopes/outcome.ts'
import { remaining } from '../scopes/remaining.ts'
import { rootScopes } from '../scopes/scope.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'
import { withTimeout } from '../scopes/timeout.ts'

const read: IoCall = { boundary: 'test', operation: 'read', effect: 'read' }
const write: IoCall = { boundary: 'test', operation: 'write', effect: 'write' }

/** Native work that ends with the signal's reason. */
const native = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

describe('io', () => {
  test('gives what its body returns, and hands down a signal', async () => {
    const value = await io(read, undefined, (signal) => {
      expect(signal).toBeInstanceOf(AbortSignal)
      return 1
    })
    expect(value).toBe(1)
    expect(rootScopes().size).toBe(0)
  })

  test('refuses to start in a cancelled scope', async () => {
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await io(read, {}, () => expect.unreachable())
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('the ambient scope’s cancel reaches the signal, and is awaited', async () => {
    using clock = TestClock.install()
    const log: string[] = []
    const result = withTimeout(10, () =>
      io(read, {}, async (signal) => {
        await native(signal).catch(() => undefined)
        await setImmediate()
        log.push('the query ended')
        throw signal.reason
      }),
    )
    const failing = expect(result).rejects.toBeInstanceOf(TimeoutError)
    await clock.advance(10)
    await failing
    expect(log).toEqual(['the query ended'])
  })

  test('its own timeoutMs gives a TimeoutError named after the call', async () => {
    using clock = TestClock.install()
    const result = io(read, { timeoutMs: 10 }, native)
    const failing = expect(result).rejects.toMatchObject({
      name: 'TimeoutError',
      scope: 'test.read',
      timeoutMs: 10,
      outcome: 'none',
    })
    await clock.advance(10)
    await failing
    expect(clock.pending).toBe(0)
    await expect(io(read, { timeoutMs: 0 }, () => expect.unreachable())).rejects.toBeInstanceOf(
      TimeoutError,
    )
  })

  test('its deadline is seen within, and leaves no timer when it ends before', async () => {
    using clock = TestClock.install()
    expect(await io(read, { timeoutMs: 10 }, () => remaining())).toBe(10)
    expect(await io(read, { timeoutMs: 1 }, () => remaining())).toBe(1)
    expect(await io(read, undefined, () => remaining())).toBe(Infinity)
    expect(clock.pending).toBe(0)
  })

  test('a failure that says that nothing has happened is no effect of what is around it', async () => {
    using clock = TestClock.install()
    const result = withTimeout(10, async () => {
      await io(write, {}, (_, progress) => {
        progress.sent = false
        throw new Error('refused')
      }).catch(() => undefined)
      await sleep(Infinity)
    })
    const failing = expect(result).rejects.toMatchObject({ outcome: 'none' })
    await clock.advance(10)
    await failing
  })

  test('the nearest deadline wins', async () => {
    using clock = TestClock.install()
    const result = withTimeout(5, () => io(read, { timeoutMs: 10 }, native))
    const failing = expect(result).rejects.toMatchObject({ scope: 'timeout' })
    await clock.advance(5)
    await failing
  })

  test('a foreign signal joins the scope, with one listener that is taken off', async () => {
    const controller = new AbortController()
    const { signal } = controller
    await io(read, { signal }, () => expect(getEventListeners(signal, 'abort')).toHaveLength(1))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const result = io(read, { signal }, native)
    controller.abort('gone')
    await expect(result).rejects.toMatchObject({ source: 'signal', cause: 'gone' })
    await expect(io(read, { signal }, () => expect.unreachable())).rejects.toMatchObject({
      source: 'signal',
    })
  })

  test.each<[Effect, boolean | undefined, string]>([
    ['read', undefined, 'none'],
    ['write', undefined, 'unknown'],
    ['idempotent', undefined, 'unknown'],
    ['write', false, 'none'],
    ['write', true, 'unknown'],
  ])('a %s with sent = %s that times out has the outcome %s', async (effect, sent, outcome) => {
    using clock = TestClock.install()
    const body = (signal: AbortSignal, progress: IoProgress): Promise<never> => {
      if (sent !== undefined) progress.sent = sent
      return native(signal)
    }
    const own = io({ ...write, effect }, { timeoutMs: 10 }, body)
    const around = withTimeout(10, () => io({ ...write, effect }, {}, body))
    const ends = Promise.all([
      expect(own).rejects.toMatchObject({ name: 'TimeoutError', outcome }),
      expect(around).rejects.toMatchObject({ name: 'TimeoutError', outcome }),
    ])
    await clock.advance(10)
    await ends
  })

  test('an unknown failure becomes an IoError with the outcome that is known', async () => {
    const cause = new Error('socket hang up')
    const fail = (): never => {
      throw cause
    }
    const unknown = io(write, {}, fail)
    await expect(unknown).rejects.toBeInstanceOf(IoError)
    await expect(unknown).rejects.toMatchObject({
      message: 'test.write failed: socket hang up',
      boundary: 'test',
      operation: 'write',
      code: 'unexpected',
      retryable: false,
      outcome: 'unknown',
      cause,
    })
    await expect(io(read, {}, fail)).rejects.toMatchObject({ outcome: 'none' })
    await expect(io(read, {}, () => Promise.reject('text'))).rejects.toMatchObject({
      message: 'test.read failed: a string',
    })
  })

  test('translate makes the package’s own error, told the outcome', async () => {
    class TestError extends IoError {}
    const call: IoCall = {
      ...write,
      translate: (cause, outcome) =>
        new TestError('translated', { ...write, code: 'x', retryable: true, outcome, cause }),
    }
    const failing = io(call, {}, (_, progress) => {
      progress.sent = false
      throw new Error('native')
    })
    await expect(failing).rejects.toBeInstanceOf(TestError)
    await expect(failing).rejects.toMatchObject({ outcome: 'none', code: 'x' })
  })

  test('a call may be of a class, whose translate knows its own', async () => {
    class Call implements IoCall {
      readonly #name = 'plan 7'
      readonly boundary = 'test'
      readonly operation = 'act'
      readonly effect = 'write'
      translate(): Error {
        return new Error(`translated for ${this.#name}`)
      }
    }
    const failing = io(new Call(), {}, () => {
      throw new Error('native')
    })
    await expect(failing).rejects.toThrow('translated for plan 7')
  })

  test.each([
    new IoError('x', { ...write, code: 'x', retryable: false, outcome: 'unknown' }),
    new TypeError('Expected x, got y'),
    new Cancelled('x', { source: 'task', scope: 'x' }),
    new TimeoutError('x', { scope: 'x', timeoutMs: 1, outcome: 'unknown' }),
  ])('%s is not translated', async (thrown) => {
    const call: IoCall = { ...write, translate: () => expect.unreachable() }
    await expect(io(call, {}, () => Promise.reject(thrown))).rejects.toBe(thrown)
  })

  test("translate: 'none' leaves every error as it is, and what it may have done is counted", async () => {
    const error = new Error('of the caller')
    const own = { boundary: 'test', operation: 'act', effect: 'write', translate: 'none' } as const
    await cancelScope(async (scope) => {
      await expect(io(own, {}, () => Promise.reject(error))).rejects.toBe(error)
      expect([scope.outcome, outcomeOf(error)]).toEqual(['unknown', 'unknown'])
    })
    await cancelScope(async (scope) => {
      const body = (_: AbortSignal, progress: IoProgress): never => {
        progress.sent = false
        throw 'a text'
      }
      await expect(io(own, {}, body)).rejects.toBe('a text')
      expect(scope.outcome).toBe('none')
    })
  })

  test('refuses a call that is none before any I/O', async () => {
    const good = { boundary: 'test', operation: 'act', effect: 'write' } as const
    const bad: [object, string][] = [
      [{ ...good, effect: 'wirte' }, "Expected effect to be one of 'read', 'idempotent', 'write'"],
      [{ ...good, boundary: '' }, 'Expected boundary to be a string'],
      [{ ...good, operation: undefined }, 'Expected operation to be a string'],
      [{ ...good, translate: 'all' }, 'Expected translate to be a function'],
      [{ ...good, counts: 0 }, 'Expected counts to be a boolean'],
      [{ ...good, count: false }, 'Expected a known option of io, got "count"'],
    ]
    const body = vi.fn<() => void>()
    for (const [call, message] of bad) {
      await expect(io(call as never, {}, body)).rejects.toThrow(message)
    }
    await expect(io(undefined as never, {}, body)).rejects.toThrow(TypeError)
    await expect(io(good, {}, undefined as never)).rejects.toThrow('Expected fn to be a function')
    expect(body).not.toHaveBeenCalled()
  })

  test('a failure with an unknown outcome marks the timeout around it', async () => {
    using clock = TestClock.install()
    const result = withTimeout(10, async () => {
      await io(write, {}, () => Promise.reject(new Error('no'))).catch(() => undefined)
      await sleep(Infinity)
    })
    const failing = expect(result).rejects.toMatchObject({ outcome: 'unknown' })
    await clock.advance(10)
    await failing
  })

  test('refuses options that are none before any I/O, and leaves no scope open', async () => {
    await cancelScope(async () => {
      for (const options of [1, null, { timeoutMs: 'x' }, { signal: 1 }]) {
        const refused = io(read, options as never, () => expect.unreachable())
        await expect(refused).rejects.toThrow(/^Expected \w+ to be /)
      }
    })
    expect(rootScopes().size).toBe(0)
  })

  test('is published from start to end on the tracing channel, without the result', async () => {
    const events: [string, IoEvent][] = []
    const note =
      (phase: string) =>
      (message: unknown): void => {
        events.push([phase, { ...(message as IoEvent) }])
      }
    const handlers = Object.fromEntries(
      ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((phase) => [phase, note(phase)]),
    ) as never
    const tracing = tracingChannel('yuzuru:io')
    tracing.subscribe(handlers)
    try {
      await io(read, {}, () => 'secret')
      await io(write, {}, () => Promise.reject(new Error('no'))).catch(() => undefined)
    } finally {
      tracing.unsubscribe(handlers)
    }
    expect(events.map(([phase]) => phase).join(' ')).toBe(
      'start end asyncStart asyncEnd start end error asyncStart asyncEnd',
    )
    expect(events[0]?.[1]).toEqual({ boundary: 'test', operation: 'read', effect: 'read' })
    expect(events.at(-1)?.[1].error).toMatchObject({ message: 'test.write failed: no' })
  })
})

describe('a forgotten await', () => {
  const listen = (): { readonly reported: Leftover[] } & Disposable => {
    const reported: Leftover[] = []
    const listener = (message: unknown): void => {
      reported.push(message as Leftover)
    }
    channel('yuzuru:leftover').subscribe(listener)
    return {
      reported,
      [Symbol.dispose]: () => channel('yuzuru:leftover').unsubscribe(listener),
    }
  }

  test('is cancelled, awaited and reported with the place of the call', async () => {
    using leftovers = listen()
    const log: string[] = []
    let forgotten: Promise<unknown> | undefined
    await cancelScope(
      function forgetful() {
        forgotten = io(read, {}, async (signal) => {
          await native(signal).catch(() => undefined)
          await setImmediate()
          log.push('ended')
          throw signal.reason
        }).catch((error: unknown) => error)
      },
      { name: 'page' },
    )
    expect(log).toEqual(['ended'])
    expect(leftovers.reported).toMatchObject([
      { name: 'test.read', kind: 'io', parent: 'page', state: 'cancelled' },
    ])
    expect(leftovers.reported[0]?.place).toMatch(/^ {4}at forgetful/)
    expect(await forgotten).toMatchObject({ source: 'scope-end', scope: 'page' })
  })

  test('that gives a value all the same is reported once, with its age, and is no warning then', async () => {
    // The listener of the test before is taken off a turn after its end.
    await setImmediate()
    using clock = TestClock.install()
    using leftovers = listen()
    const warning = vi.spyOn(process, 'emitWarning')
    const listeners = process.listenerCount('unhandledRejection')
    await clock.advance(1_000)
    await cancelScope(async () => {
      void io(read, {}, (signal) => native(signal).catch(() => 'value'))
      await clock.advance(7)
    })
    expect(leftovers.reported).toMatchObject([{ state: 'cancelled', ageMs: 7 }])
    expect(warning).not.toHaveBeenCalled()
    await setImmediate()
    expect(process.listenerCount('unhandledRejection')).toBe(listeners)
  })

  test('its own failure is reported too', async () => {
    using leftovers = listen()
    const failure = new Error('no')
    await cancelScope(() => {
      io(read, {}, async (signal) => {
        await native(signal).catch(() => undefined)
        throw failure
      }).catch(() => undefined)
    })
    expect(leftovers.reported).toMatchObject([
      { state: 'cancelled' },
      { state: 'failed', error: { code: 'unexpected', cause: failure } },
    ])
  })

  test('is a warning of the process where nobody listens, with what it failed with', async () => {
    const told = vi.spyOn(process, 'emitWarning').mockReturnValue()
    await cancelScope(function forgetful() {
      for (const failure of [new Error('no'), 'text']) {
        io({ ...read, translate: () => failure as Error }, {}, async (signal) => {
          await native(signal).catch(() => undefined)
          throw failure
        }).catch(() => undefined)
      }
    })
    const warnings = told.mock.calls.map(
      ([text, name]) => `${name as unknown as string}: ${text as string}`,
    )
    // Two were forgotten at the same place; it is said once.
    const [first, second, third] = warnings.map((each) => each.split('\n'))
    expect(first?.[0]).toBe(
      'LeftoverWarning: io "test.read" was still running when the scope that started it ended; it was cancelled. Is an await missing?',
    )
    expect(first?.[1]).toContain('at forgetful')
    expect([second?.[0], third?.[0]]).toEqual([
      'LeftoverWarning: io "test.read" failed after the scope that started it had ended: no',
      'LeftoverWarning: io "test.read" failed after the scope that started it had ended',
    ])
  })

  test('what a failed Promise.all leaves behind is cancelled and awaited, but was not forgotten', async () => {
    using leftovers = listen()
    let ended = false
    const result = cancelScope(async () => {
      await Promise.all([
        io(read, {}, () => Promise.reject(new Error('no'))),
        io(read, {}, async (signal) => {
          await native(signal).catch(() => undefined)
          ended = true
          throw signal.reason
        }),
        io(read, {}, async (signal) => {
          await native(signal).catch(() => undefined)
          throw new Error('of its own, and known to who made the Promise.all')
        }),
      ])
    })
    await expect(result).rejects.toThrow('test.read failed: no')
    expect(ended).toBe(true)
    expect(leftovers.reported).toEqual([])
  })

  test('what a cancel ends a little later was not forgotten', async () => {
    using clock = TestClock.install()
    using leftovers = listen()
    const slow = async (signal: AbortSignal): Promise<never> => {
      await native(signal).catch(() => undefined)
      await setImmediate()
      throw signal.reason
    }
    const result = withTimeout(10, () =>
      Promise.all([io(read, {}, native), io(read, {}, slow)]).catch(() => 'kept'),
    )
    await clock.advance(10)
    expect(await result).toBe('kept')
    expect(leftovers.reported).toEqual([])
  })

  test('a shield that was forgotten is awaited and not cancelled', async () => {
    using leftovers = listen()
    let done = false
    await cancelScope(() => {
      void shield(async () => {
        await sleep(0)
        done = true
      })
    })
    expect(done).toBe(true)
    expect(leftovers.reported).toEqual([])
  })
})
