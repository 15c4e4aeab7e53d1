import { describe, expect, test } from 'vitest'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { circuitBreaker, isOutage } from './circuit-breaker.ts'
import { CircuitOpenError } from './circuit-open-error.ts'
import { IoError } from './io-error.ts'
import { sleep } from './sleep.ts'
import { TestClock } from './test-clock.ts'
import { withTimeout } from './timeout.ts'

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

  test('isOutage: what blames the caller, or is final, is none', () => {
    const init = { boundary: 'db', operation: 'query', code: 'x' }
    const final = new IoError('x', { ...init, retryable: false, outcome: 'none' })
    const lost = new IoError('x', { ...init, retryable: false, outcome: 'unknown' })
    const busy = new IoError('x', { ...init, retryable: true, outcome: 'none' })
    expect([final, lost, busy].map(isOutage)).toEqual([false, true, true])
    expect(isOutage(new TypeError('x'))).toBe(false)
    expect(isOutage({ status: 503 })).toBe(true)
    expect(isOutage('x')).toBe(true)
  })

  test('refuses settings that make no sense', () => {
    expect(() => circuitBreaker({ failures: 0 })).toThrow(TypeError)
    expect(() => circuitBreaker({ probes: 0 })).toThrow(TypeError)
    expect(() => circuitBreaker({ coolDownMs: -1 })).toThrow(TypeError)
  })
})
