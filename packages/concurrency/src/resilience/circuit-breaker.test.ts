import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { circuitBreaker, isOutage } from './circuit-breaker.ts'
import { CircuitOpenError } from './circuit-open-error.ts'
import { IoError } from '../boundary/io-error.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'

const fail = (): Promise<never> => Promise.reject(new Error('down'))
const succeed = (): Promise<string> => Promise.resolve('up')

describe('circuitBreaker', () => {
  test('opens after so many failures in a row, and then calls nothing', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ name: 'rates', failures: 2, coolDownMs: 100 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await breaker.call(succeed)
    await expect(breaker.call(fail)).rejects.toThrow('down')
    expect(breaker.state).toBe('closed')
    await expect(breaker.call(fail)).rejects.toThrow('down')
    expect(breaker.state).toBe('open')
    await clock.advance(40)
    let called = false
    const refused = breaker.call(() => {
      called = true
    })
    await expect(refused).rejects.toBeInstanceOf(CircuitOpenError)
    await expect(refused).rejects.toMatchObject({
      code: 'circuit_open',
      operation: 'rates',
      outcome: 'none',
      retryable: true,
      retryAfterMs: 60,
    })
    expect(called).toBe(false)
  })

  test('after its cool-down lets a bounded number of probes through; a success closes it', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100, probes: 2 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    expect(breaker.state).toBe('half-open')
    const probes = [breaker.call(() => sleep(10)), breaker.call(() => sleep(20))]
    await expect(breaker.call(succeed)).rejects.toBeInstanceOf(CircuitOpenError)
    await clock.advance(10)
    await probes[0]
    expect(breaker.state).toBe('closed')
    expect(await breaker.call(succeed)).toBe('up')
    await clock.advance(10)
    await probes[1]
  })

  test('a probe that fails opens it for another cool-down', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 3, coolDownMs: 100 })
    for (let i = 0; i < 3; i += 1) await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    await expect(breaker.call(fail)).rejects.toThrow('down')
    expect(breaker.state).toBe('open')
    await clock.advance(99)
    expect(breaker.state).toBe('open')
    await clock.advance(1)
    expect(await breaker.call(succeed)).toBe('up')
  })

  test('a cancelled probe says nothing, and gives its place back', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    const probe = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await breaker.call(() => sleep(Infinity))
    })
    await expect(probe).rejects.toBeInstanceOf(Cancelled)
    expect(breaker.state).toBe('half-open')
    expect(await breaker.call(succeed)).toBe('up')
    expect(breaker.state).toBe('closed')
  })

  test('the caller’s cancel and 4xx do not count, a timeout within does', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1 })
    const cancelled = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await breaker.call(() => sleep(Infinity))
    })
    await expect(cancelled).rejects.toBeInstanceOf(Cancelled)
    const notFound = Object.assign(new Error('not found'), { status: 404 })
    await expect(breaker.call(() => Promise.reject(notFound))).rejects.toBe(notFound)
    expect(breaker.state).toBe('closed')
    const late = expect(breaker.call(() => withTimeout(10, () => sleep(Infinity)))).rejects.toThrow(
      'did not end within',
    )
    await clock.advance(10)
    await late
    expect(breaker.state).toBe('open')
  })

  test('a call that began before it opened does not count once it has', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100 })
    const slow = breaker.call(() => sleep(50))
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(50)
    await slow
    expect(breaker.state).toBe('open')
  })

  test('a call that fails once it has opened and cooled down does not open it again', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100 })
    const slow = breaker.call(async () => {
      await sleep(150)
      throw new Error('down')
    })
    const ended = expect(slow).rejects.toThrow('down')
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(150)
    await ended
    expect(breaker.state).toBe('half-open')
  })

  test('a success closes it for all: what its other probes come to does not count', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100, probes: 2 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    const late = breaker.call(() => sleep(10).then(fail))
    const ended = expect(late).rejects.toThrow('down')
    await breaker.call(succeed)
    await clock.advance(10)
    await ended
    expect(breaker.state).toBe('closed')
  })

  test('a probe that ends after another opened it again frees no place for one more', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100, probes: 2 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    const late = breaker.call(() => sleep(150))
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(150)
    await late
    const probes = [breaker.call(() => sleep(10)), breaker.call(() => sleep(10))]
    await expect(breaker.call(succeed)).rejects.toMatchObject({ retryAfterMs: 0 })
    await clock.advance(10)
    await Promise.all(probes)
  })

  test('a cancelled probe gives one place back, not more', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 0 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    const probe = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await breaker.call(() => sleep(Infinity))
    })
    await expect(probe).rejects.toBeInstanceOf(Cancelled)
    const next = breaker.call(() => sleep(10))
    await expect(breaker.call(succeed)).rejects.toBeInstanceOf(CircuitOpenError)
    await clock.advance(10)
    await next
  })

  test('a success does not make the calls beside it count for nothing', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1 })
    const late = expect(breaker.call(() => sleep(10).then(fail))).rejects.toThrow('down')
    await breaker.call(succeed)
    await clock.advance(10)
    await late
    expect(breaker.state).toBe('open')
  })

  test('an answer that blames the caller shows that the other side is well', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 2, coolDownMs: 100 })
    const notFound = (): Promise<never> => Promise.reject({ status: 404 })
    for (const call of [fail, notFound, fail]) await breaker.call(call).catch(() => undefined)
    expect(breaker.state).toBe('closed')
    await breaker.call(fail).catch(() => undefined)
    await clock.advance(100)
    await breaker.call(notFound).catch(() => undefined)
    expect(breaker.state).toBe('closed')
    await breaker.call(fail).catch(() => undefined)
    expect(breaker.state).toBe('closed')
  })

  test('calls nothing in a cancelled scope', async () => {
    const breaker = circuitBreaker()
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await breaker.call(() => expect.unreachable('it was called'))
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('the cancel of a platform call does not count either; what is thrown is what was thrown', async () => {
    const breaker = circuitBreaker({ failures: 1 })
    await cancelScope(async (scope) => {
      const aborted = new DOMException('aborted', { name: 'AbortError' })
      const call = breaker.call(() => {
        scope.cancel()
        return Promise.reject(aborted)
      })
      await expect(call).rejects.toBe(aborted)
    })
    expect(breaker.state).toBe('closed')
    for (const nothing of [undefined, null]) {
      const other = circuitBreaker({ failures: 1 })
      await expect(other.call(() => Promise.reject(nothing))).rejects.toBe(nothing)
      expect(other.state).toBe('open')
    }
  })

  test('without settings: five failures, thirty seconds, one probe', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker()
    expect(breaker.name).toBe('circuit')
    for (let i = 0; i < 5; i += 1) {
      expect(breaker.state).toBe('closed')
      await expect(breaker.call(fail)).rejects.toThrow('down')
    }
    await clock.advance(29_999)
    expect(breaker.state).toBe('open')
    await clock.advance(1)
    const probe = breaker.call(() => sleep(1))
    await expect(breaker.call(succeed)).rejects.toBeInstanceOf(CircuitOpenError)
    await clock.advance(1)
    await probe
  })

  test('asks isFailure what counts', async () => {
    const breaker = circuitBreaker({ failures: 1, isFailure: () => false })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    expect(breaker.state).toBe('closed')
  })

  test('a failure is not hidden by an isFailure that throws', async () => {
    const mistake = new RangeError('mistake')
    const isFailure = (): never => {
      throw mistake
    }
    const thrown = circuitBreaker({ isFailure }).call(fail)
    await expect(thrown).rejects.toMatchObject({ error: mistake, suppressed: { message: 'down' } })
  })

  test('the mistake of a caller neither closes it nor begins the row anew', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 2, coolDownMs: 10 })
    const mistake = (): Promise<never> => Promise.reject(new TypeError('Expected a, got b'))
    for (const call of [fail, mistake, fail]) await breaker.call(call).catch(() => undefined)
    expect(breaker.state).toBe('open')
    await clock.advance(10)
    await breaker.call(mistake).catch(() => undefined)
    expect(breaker.state).toBe('half-open')
    await breaker.call(succeed)
    expect(breaker.state).toBe('closed')
  })

  test('isOutage: what blames the caller, or is final, is none', () => {
    const init = { boundary: 'db', operation: 'query', code: 'x' }
    const final = new IoError('x', { ...init, retryable: false, outcome: 'none' })
    const lost = new IoError('x', { ...init, retryable: false, outcome: 'unknown' })
    const busy = new IoError('x', { ...init, retryable: true, outcome: 'none' })
    expect([final, lost, busy].map(isOutage)).toEqual([false, true, true])
    expect(isOutage(new TypeError('x'))).toBe(false)
    expect([399, 400, 499, 500].map((status) => isOutage({ status }))).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(['x', null, {}, { status: 'gone' }].map(isOutage)).toEqual([true, true, true, true])
  })

  test('refuses settings that make no sense', () => {
    expect(() => circuitBreaker({ failures: 0 })).toThrow(TypeError)
    expect(() => circuitBreaker({ probes: 0 })).toThrow(TypeError)
    expect(() => circuitBreaker({ coolDownMs: -1 })).toThrow(TypeError)
    expect(() => circuitBreaker({ coolDownMs: '1' as never })).toThrow(
      'Expected coolDownMs to be a number of milliseconds from 0 up, got a string',
    )
  })

  test('probes of before it opened again leave room for those of after', async () => {
    using clock = TestClock.install()
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 100, probes: 2 })
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    const slow = breaker.call(() => sleep(1_000))
    await expect(breaker.call(fail)).rejects.toThrow('down')
    await clock.advance(100)
    const next = [breaker.call(() => sleep(10)), breaker.call(() => sleep(10))]
    await clock.advance(1_000)
    await Promise.all([slow, ...next])
  })

  test('a probe that never ends does not keep it half-open for good', async () => {
    for (const coolDownMs of [0, 100, 60_000]) {
      using clock = TestClock.install()
      const breaker = circuitBreaker({ failures: 1, coolDownMs })
      await expect(breaker.call(fail)).rejects.toThrow('down')
      await clock.advance(coolDownMs)
      const stuck = Promise.withResolvers<string>()
      const never = breaker.call(() => stuck.promise)
      const patience = Math.max(coolDownMs, 30_000)
      await clock.advance(patience - 1)
      await expect(breaker.call(succeed)).rejects.toBeInstanceOf(CircuitOpenError)
      await clock.advance(1)
      const second = breaker.call(() => sleep(10))
      await expect(breaker.call(succeed)).rejects.toBeInstanceOf(CircuitOpenError)
      await clock.advance(10)
      await second
      expect(breaker.state).toBe('closed')
      stuck.reject(new Error('late'))
      await expect(never).rejects.toThrow('late')
      expect(breaker.state).toBe('closed')
    }
  })

  test('isOutage: what fetch throws when it reaches nobody is one', async () => {
    // Nothing listens at port 1, and fetch refuses to try: both are TypeErrors with a cause.
    const error: unknown = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TypeError)
    expect(isOutage(error)).toBe(true)
  })
})
