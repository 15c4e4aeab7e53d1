import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Barrier } from './barrier.ts'
import { BrokenBarrierError } from './broken-barrier-error.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { taskGroup } from '../tasks/task-group.ts'

describe('Barrier', () => {
  test('lets all go when so many are there, round after round', async () => {
    const barrier = new Barrier(3)
    for (let round = 0; round < 2; round += 1) {
      const first = [barrier.wait(), barrier.wait()]
      expect(barrier.waiting).toBe(2)
      expect(await Promise.all([...first, barrier.wait()])).toEqual([0, 1, 2])
      expect(barrier.waiting).toBe(0)
    }
    expect(await new Barrier(1).wait()).toBe(0)
  })

  test('a cancelled waiter lowers the count', async () => {
    const barrier = new Barrier(2)
    let passed = 0
    await taskGroup(async (group) => {
      const spawn = () =>
        group.spawn(async () => {
          await barrier.wait()
          passed += 1
        })
      spawn().cancel()
      expect(barrier.waiting).toBe(0)
      spawn()
      await setImmediate()
      expect(passed).toBe(0)
      spawn()
    })
    expect(passed).toBe(2)
  })

  test('the last to come, when it is cancelled, lets nobody go', async () => {
    const barrier = new Barrier(2)
    const first = barrier.wait()
    const last = cancelScope(async (scope) => {
      scope.cancel()
      await barrier.wait()
    })
    await expect(last).rejects.toBeInstanceOf(Cancelled)
    expect(barrier.waiting).toBe(1)
    barrier.reset()
    await expect(first).rejects.toThrow('barrier "barrier" was reset')
  })

  test('abort fails those who wait and those who come, until a reset', async () => {
    const barrier = new Barrier(2, { name: 'gate' })
    const waiting = barrier.wait()
    barrier.abort()
    expect(barrier.broken).toBe(true)
    await expect(waiting).rejects.toBeInstanceOf(BrokenBarrierError)
    await expect(barrier.wait()).rejects.toMatchObject({
      message: 'barrier "gate" was aborted',
      barrier: 'gate',
    })
    barrier.reset()
    expect(await Promise.all([barrier.wait(), barrier.wait()])).toEqual([0, 1])
  })

  test('a reset does not touch those who were let go but have not run yet', async () => {
    const barrier = new Barrier(2)
    const both = [barrier.wait(), barrier.wait()]
    const next = barrier.wait()
    barrier.reset()
    expect(await Promise.all(both)).toEqual([0, 1])
    await expect(next).rejects.toBeInstanceOf(BrokenBarrierError)
  })

  test('refuses no parties', () => {
    expect(() => new Barrier(0)).toThrow('Expected parties to be an integer from 1 up, got 0')
    expect(BrokenBarrierError.isInstance(new BrokenBarrierError('x', 'reset'))).toBe(true)
  })
})
