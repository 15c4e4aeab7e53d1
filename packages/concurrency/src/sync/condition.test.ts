import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { Condition } from './condition.ts'
import { Lock } from './lock.ts'
import type { Task } from '../tasks/task.ts'
import { taskGroup, type TaskGroup } from '../tasks/task-group.ts'

describe('Condition', () => {
  const waiters = (group: TaskGroup, condition: Condition, log: unknown[]): Task<void>[] =>
    ['a', 'b', 'c'].map((name) =>
      group.spawn(
        async () => {
          using _held = await condition.acquire()
          await condition.wait()
          log.push(name, condition.lock.locked)
        },
        { name },
      ),
    )

  test('gives the lock back while it waits, and holds it again when it goes on', async () => {
    const condition = new Condition()
    const log: unknown[] = []
    await taskGroup(async (group) => {
      waiters(group, condition, log)
      await setImmediate()
      expect(condition.waiting).toBe(3)
      {
        using _held = await condition.acquire()
        condition.notify(2)
        await setImmediate()
        expect(log).toEqual([])
      }
      await setImmediate()
      expect(log).toEqual(['a', true, 'b', true])
      using _held = await condition.acquire()
      condition.notifyAll()
    })
    expect(log).toEqual(['a', true, 'b', true, 'c', true])
    expect(condition.lock.locked).toBe(false)
  })

  test('waitFor asks its predicate with the lock held, as often as it takes', async () => {
    const condition = new Condition()
    const stock: number[] = []
    const asked: boolean[] = []
    const sold = await taskGroup(async (group) => {
      const buyer = group.spawn(async () => {
        using _held = await condition.acquire()
        await condition.waitFor(() => {
          asked.push(condition.lock.locked)
          return stock.length >= 2
        })
        return stock.length
      })
      for (const item of [1, 2]) {
        await setImmediate()
        using _held = await condition.acquire()
        stock.push(item)
        condition.notify()
      }
      return await buyer
    })
    expect(sold).toBe(2)
    expect(asked).toEqual([true, true, true])
  })

  test('cancelled while it waits, it holds the lock again before it throws', async () => {
    const condition = new Condition()
    const log: unknown[] = []
    await taskGroup(async (group) => {
      const task = group.spawn(async () => {
        using _held = await condition.acquire()
        try {
          await condition.wait()
        } catch (error) {
          log.push(Cancelled.isInstance(error), condition.lock.locked)
          throw error
        }
      })
      await setImmediate()
      using held = await condition.acquire()
      task.cancel()
      await setImmediate()
      expect(log).toEqual([])
      held.release()
    })
    expect(log).toEqual([true, true])
    expect(condition.waiting).toBe(0)
    expect(condition.lock.locked).toBe(false)
  })

  test('cancelled after it was notified, it has another notified in its stead', async () => {
    const condition = new Condition()
    const log: unknown[] = []
    await taskGroup(async (group) => {
      const [first, , third] = waiters(group, condition, log)
      await setImmediate()
      {
        using _held = await condition.acquire()
        condition.notify()
        first?.cancel()
      }
      await setImmediate()
      expect(first?.state).toBe('cancelled')
      expect(log).toEqual(['b', true])
      third?.cancel()
    })
    expect(condition.lock.locked).toBe(false)
  })

  test('in a cancelled scope it throws with the lock still held, and waits for nothing', async () => {
    const condition = new Condition()
    const result = cancelScope(async (scope) => {
      using _held = await condition.acquire()
      scope.cancel()
      await condition.wait().catch((error: unknown) => {
        expect(condition.lock.locked).toBe(true)
        throw error
      })
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(condition.lock.locked).toBe(false)
  })

  test('in a cancelled scope it does not even give the lock back for a moment', async () => {
    const condition = new Condition()
    const log: string[] = []
    await taskGroup(async (group) => {
      const cancelled = group.spawn(async () => {
        using _held = await condition.acquire()
        await setImmediate()
        await condition.wait().catch(() => log.push('still held'))
        await setImmediate()
        log.push('given back')
      })
      await Promise.resolve()
      group.spawn(async () => {
        using _held = await condition.acquire()
        log.push('next')
      })
      cancelled.cancel()
    })
    expect(log).toEqual(['still held', 'given back', 'next'])
  })

  test('several may share one lock', async () => {
    const lock = new Lock({ name: 'shelf' })
    const filled = new Condition({ lock })
    const emptied = new Condition({ lock })
    const shelf: number[] = []
    const got: number[] = []
    await taskGroup((group) => {
      group.spawn(async () => {
        for (const item of [1, 2, 3]) {
          using _held = await lock.acquire()
          await emptied.waitFor(() => shelf.length === 0)
          shelf.push(item)
          filled.notify()
        }
      })
      group.spawn(async () => {
        while (got.length < 3) {
          using _held = await filled.acquire()
          await filled.waitFor(() => shelf.length > 0)
          got.push(...shelf.splice(0))
          emptied.notify()
        }
      })
    })
    expect(got).toEqual([1, 2, 3])
  })

  test('refuses to wait or notify without the lock', async () => {
    const condition = new Condition({ name: 'stock' })
    const message = 'Expected the lock "stock" to be held, got one that is free'
    await expect(condition.wait()).rejects.toThrow(new TypeError(message))
    expect(() => condition.notify()).toThrow(new TypeError(message))
    expect(() => condition.notifyAll()).toThrow(TypeError)
    const held = await condition.acquire()
    held.release()
    await expect(condition.wait()).rejects.toThrow(new TypeError(message))
  })

  test('who does not hold the lock cannot wait with that of somebody who waits already', async () => {
    const condition = new Condition()
    await taskGroup(async (group) => {
      const task = group.spawn(async () => {
        using _held = await condition.acquire()
        await condition.wait()
      })
      await setImmediate()
      await expect(condition.wait()).rejects.toThrow(TypeError)
      task.cancel()
    })
  })

  test.each(['while it waits', 'while it waits for the lock'])(
    'who has released the lock for good %s is not given it again',
    async (when) => {
      const condition = new Condition()
      const held = await condition.acquire()
      const waiting = condition.wait()
      if (when === 'while it waits') held.release()
      const other = await condition.acquire()
      condition.notify()
      await setImmediate()
      held.release()
      other.release()
      await waiting
      expect(condition.lock.locked).toBe(false)
      using _next = await condition.acquire()
    },
  )

  test('notifies a number of waiters and nothing else', async () => {
    const condition = new Condition()
    using _held = await condition.acquire()
    condition.notify(0)
    condition.notify(Infinity)
    for (const wrong of [-1, 0.5, Number.NaN, '1' as never]) {
      expect(() => condition.notify(wrong)).toThrow(/^Expected count to be an integer from 0 up/)
    }
  })
})
