import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Lock } from './lock.ts'
import { taskGroup } from '../tasks/task-group.ts'

describe('Lock', () => {
  test('is held by one at a time, in the order in which they asked', async () => {
    const lock = new Lock()
    const order: number[] = []
    let inside = 0
    await taskGroup((group) => {
      for (const number of [1, 2, 3]) {
        group.spawn(async () => {
          using _held = await lock.acquire()
          inside += 1
          expect(inside).toBe(1)
          await setImmediate()
          inside -= 1
          order.push(number)
        })
      }
    })
    expect(order).toEqual([1, 2, 3])
    expect(lock.locked).toBe(false)
  })

  test('tryAcquire gives undefined while it is held', async () => {
    const lock = new Lock({ name: 'ledger' })
    const held = lock.tryAcquire()
    expect(lock.locked).toBe(true)
    expect(lock.tryAcquire()).toBeUndefined()
    const waiter = lock.acquire()
    expect(lock.waiting).toBe(1)
    held?.release()
    const permit = await waiter
    permit.release()
    expect(lock.locked).toBe(false)
  })

  test('is given back when the body throws', async () => {
    const lock = new Lock()
    const failing = async (): Promise<void> => {
      using _held = await lock.acquire()
      throw new Error('no')
    }
    await expect(failing()).rejects.toThrow('no')
    expect(lock.locked).toBe(false)
  })
})
