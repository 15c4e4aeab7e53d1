import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { IoError } from '../boundary/io-error.ts'
import { io } from '../boundary/io.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Cancelled } from './cancelled.ts'
import { detached } from './detached.ts'
import { enterScope } from './entered-scope.ts'
import { rootScopes, type Scope } from './scope.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { TimeoutError } from './timeout-error.ts'

const write = { boundary: 'x', operation: 'write', effect: 'write' } as const

const clockOfTest = (): TestClock => {
  const clock = TestClock.install()
  onTestFinished(() => clock[Symbol.dispose]())
  return clock
}

test('what is called in it is within it, and it is gone once it is left', () => {
  const entered = enterScope({ name: 'request', timeoutMs: 100, onCancel: () => undefined })
  const seen = entered.call((a: number, b: number) => a + b, 1, 2)
  expect([seen, [...rootScopes()].map(({ name }) => name)]).toEqual([3, ['request']])
  expect(entered.leave()).toBe(undefined)
  expect(rootScopes().size).toBe(0)
})

test('its deadline counts from the reading of the clock that it is given, or from one of its own', async () => {
  const clock = clockOfTest()
  await clock.advance(50)
  const deadlineOf = (now: number | undefined): number => {
    const entered = enterScope({ name: 'request', timeoutMs: 100, now, onCancel: () => undefined })
    void entered.leave()
    return (entered.scope as Scope).deadline
  }
  expect([deadlineOf(50), deadlineOf(20), deadlineOf(undefined)]).toEqual([150, 120, 150])
})

test('it belongs to no scope around it', () => {
  const entered = enterScope({ name: 'request', onCancel: () => undefined })
  expect((entered.scope as Scope).parent).toBe(undefined)
  void entered.leave()
})

test('its deadline cancels what it waits for, and is a TimeoutError of its owner', async () => {
  const clock = clockOfTest()
  const onCancel = vi.fn()
  const entered = enterScope({ name: 'request', timeoutMs: 100, onCancel })
  const slept = entered.call(() => sleep(Infinity)).catch((error: unknown) => error)
  await clock.advance(100)
  const error = await slept
  expect([Cancelled.isInstance(error), onCancel.mock.calls]).toEqual([true, [[error]]])
  await entered.leave({ error })
  expect(entered.explain(error)).toMatchObject({ name: 'TimeoutError', timeoutMs: 100 })
  expect(TimeoutError.isInstance(entered.explain(new Error('own')))).toBe(false)
})

test('once left, it holds no timer', () => {
  const clock = clockOfTest()
  const entered = enterScope({ name: 'request', timeoutMs: 100, onCancel: () => undefined })
  expect(clock.pending).toBe(1)
  void entered.leave()
  expect(clock.pending).toBe(0)
})

test('without a timer of its own it is due when its owner says so, as by its deadline', async () => {
  const clock = clockOfTest()
  const entered = enterScope({
    name: 'request',
    timeoutMs: 100,
    timer: false,
    onCancel: () => undefined,
  })
  const slept = entered.call(() => sleep(Infinity)).catch((error: unknown) => error)
  expect([(entered.scope as Scope).deadline, clock.pending]).toEqual([100, 0])
  entered.expire()
  entered.expire()
  const error = await slept
  expect([Cancelled.isInstance(error), entered.scope.expired]).toEqual([true, true])
  await entered.leave({ error })
  expect(entered.explain(error)).toMatchObject({ name: 'TimeoutError', timeoutMs: 100 })
})

test('without a timer of its own it is called and due in the context that it was opened in, whoever says so', () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const onCancel = (): void => void seen.push(storage.getStore())
  const entered = storage.run('its own', () =>
    enterScope({ name: 'request', timeoutMs: 100, timer: false, onCancel }),
  )
  storage.run('of another', () => {
    entered.call(() => seen.push(storage.getStore()))
    entered.expire()
    seen.push(storage.getStore())
  })
  void entered.leave()
  expect(seen).toEqual(['its own', 'its own', 'of another'])
})

test('what was left behind in it is cancelled, awaited and reported, and cancels no more', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const onCancel = vi.fn()
  const entered = enterScope({ name: 'request', onCancel })
  const left = entered.call(() => sleep(Infinity)).catch((error: unknown) => error)
  const log: string[] = []
  entered.scope.defer(() => log.push('deferred'))
  await entered.leave()
  expect([Cancelled.isInstance(await left), log]).toEqual([true, ['deferred']])
  expect(onCancel).not.toHaveBeenCalled()
  expect(warn).toHaveBeenCalledOnce()
  vi.restoreAllMocks()
})

test('its deadline holds for what is left behind a shield', async () => {
  const clock = clockOfTest()
  const onCancel = vi.fn()
  const entered = enterScope({ name: 'request', timeoutMs: 100, onCancel })
  entered.call(() => void shield(() => sleep(1_000)))
  const leaving = entered.leave()
  await clock.advance(100)
  expect(onCancel).toHaveBeenCalledOnce()
  await clock.advance(900)
  await leaving
  expect(clock.pending).toBe(0)
})

test('what fails in it takes its outcome along', async () => {
  const entered = enterScope({ name: 'request', onCancel: () => undefined })
  await entered.call(() => io(write, {}, () => 'done'))
  const init = { boundary: 'x', operation: 'y', code: 'z', retryable: true } as const
  const error = new IoError('x', { ...init, outcome: 'none' })
  void entered.leave({ error })
  expect(error.outcome).toBe('unknown')
})

test('work that does not obey is abandoned after its grace, and reported', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const clock = clockOfTest()
  const entered = enterScope({ name: 'request', timeoutMs: 100, onCancel: () => undefined })
  const work = detached(() => sleep(5_000))
  await clock.advance(100)
  const ended = entered.endInGrace(work, 50).catch((error: unknown) => error)
  await clock.advance(50)
  expect(entered.explain(await ended)).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  expect(warn).toHaveBeenCalledOnce()
  await clock.advance(5_000)
  await work
  await entered.leave()
  expect(rootScopes().size).toBe(0)
  vi.restoreAllMocks()
})

test('a deferred function that fails is what leaving it fails with, with the outcome of what it did', async () => {
  const lost = new IoError('lost', {
    boundary: 'x',
    operation: 'write',
    code: 'lost',
    retryable: false,
    outcome: 'none',
  })
  const entered = enterScope({ name: 'request', onCancel: () => undefined })
  await entered.call(() => io(write, {}, () => sleep(0)))
  entered.scope.defer(() => {
    throw lost
  })
  await expect(entered.leave()).rejects.toBe(lost)
  expect([lost.outcome, rootScopes().size]).toEqual(['unknown', 0])
})
