import { expect, onTestFinished, test } from 'vitest'
import { channel } from 'node:diagnostics_channel'
import { TestClock } from '../testing/test-clock.ts'
import { cancelScope } from './cancel-scope.ts'
import { isAnyCancelled } from './cancellation.ts'
import { checkpoint } from './checkpoint.ts'
import { withTimeout } from './timeout.ts'

test('what was given up is still refused when all that was cancelled has ended', async () => {
  const ignore = (): void => undefined
  channel('yuzuru:leftover').subscribe(ignore)
  onTestFinished(() => {
    channel('yuzuru:leftover').unsubscribe(ignore)
  })
  using clock = TestClock.install()
  const gate = Promise.withResolvers<void>()
  let late: Promise<void> | undefined
  const deaf = async (): Promise<void> => {
    await gate.promise
    late = checkpoint()
    await late
  }
  const whole = cancelScope(async (scope) => {
    queueMicrotask(() => scope.cancel('enough'))
    await withTimeout(1_000, deaf, { graceMs: 5 })
  })
  const thrown = whole.catch((error: unknown) => error)
  await clock.advance(10)
  expect(await thrown).toMatchObject({ message: 'enough' })
  gate.resolve()
  await clock.advance(0)
  await expect(late).rejects.toMatchObject({ message: 'enough' })
  expect(isAnyCancelled()).toBe(false)
})

test('nobody has to ask for its scope once all cancelled ones have ended', async () => {
  expect(isAnyCancelled()).toBe(false)
  const result = cancelScope(async (scope) => {
    await cancelScope(() => {
      scope.cancel()
      scope.cancel()
      expect(isAnyCancelled()).toBe(true)
    })
    await checkpoint()
  })
  await expect(result).rejects.toMatchObject({ source: 'scope' })
  expect(isAnyCancelled()).toBe(false)
})
