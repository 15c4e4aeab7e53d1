import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { Semaphore } from './semaphore.ts'
import { taskGroup } from '../tasks/task-group.ts'

describe('Semaphore', () => {
  test('lets as many go on as it has permits, and the others in the order they came', async () => {
    const semaphore = new Semaphore(2)
    const order: string[] = []
    const work = async (name: string): Promise<void> => {
      using _permit = await semaphore.acquire()
      order.push(`${name} in`)
      await setImmediate()
      order.push(`${name} out`)
    }
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => work(name)))
    expect(order.join(', ')).toBe('a in, b in, a out, c in, b out, d in, c out, d out')
    expect(semaphore.available).toBe(2)
  })

  test('of four waiters, two of them cancelled, one release lets exactly the third run', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const ran: number[] = []
    await taskGroup(async (group) => {
      const tasks = [1, 2, 3, 4].map((number) =>
        group.spawn(async () => {
          await semaphore.acquire()
          ran.push(number)
        }),
      )
      tasks[0]?.cancel()
      tasks[1]?.cancel()
      held.release()
      await setImmediate()
      expect(ran).toEqual([3])
      expect(semaphore.waiting).toBe(1)
      tasks[3]?.cancel()
    })
  })

  test('a permit granted to one who is cancelled in the same tick is passed on exactly once', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const ran: string[] = []
    await taskGroup(async (group) => {
      const first = group.spawn(async () => {
        using _permit = await semaphore.acquire()
        currentScope()?.throwIfCancelled()
        ran.push('first')
      })
      group.spawn(async () => {
        await semaphore.acquire()
        ran.push('second')
      })
      const third = group.spawn(async () => {
        await semaphore.acquire()
        ran.push('third')
      })
      held.release()
      first.cancel()
      await setImmediate()
      expect(ran).toEqual(['second'])
      third.cancel()
    })
  })

  test('nobody barges in between a release and the waiter it was handed to', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const waiter = semaphore.acquire()
    held.release()
    expect(semaphore.tryAcquire()).toBeUndefined()
    const permit = await waiter
    permit.release()
    expect(semaphore.tryAcquire()).toBeDefined()
  })

  test('a permit is given back once, however often it is released', async () => {
    const semaphore = new Semaphore(1)
    const permit = await semaphore.acquire()
    permit.release()
    permit.release()
    permit[Symbol.dispose]()
    expect(semaphore.available).toBe(1)
  })

  test('a waiter goes on in its own scope and store, not in those of who released', async () => {
    const semaphore = new Semaphore(1)
    const store = new AsyncLocalStorage<string>()
    const held = await semaphore.acquire()
    let seen: unknown
    const waiter = store.run('waiter', () =>
      cancelScope(
        async () => {
          using _permit = await semaphore.acquire()
          seen = [store.getStore(), currentScope()?.name]
        },
        { name: 'of the waiter' },
      ),
    )
    await store.run('releaser', () =>
      cancelScope(
        () => {
          held.release()
        },
        { name: 'of the releaser' },
      ),
    )
    await waiter
    expect(seen).toEqual(['waiter', 'of the waiter'])
  })

  test('in a cancelled scope nothing is acquired, be there a permit or not', async () => {
    const semaphore = new Semaphore(1)
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await semaphore.acquire()
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(semaphore.available).toBe(1)
  })

  test('release() adds a permit, so that it can count what is made', async () => {
    const made = new Semaphore(0)
    const waiter = made.acquire()
    made.release()
    await waiter
    made.release()
    expect(made.available).toBe(1)
  })

  test('has a name for the task tree', () => {
    expect([new Semaphore(1).name, new Semaphore(1, { name: 'smtp' }).name]).toEqual([
      'semaphore',
      'smtp',
    ])
  })

  test.each([-1, 1.5, Number.NaN, '1'])('refuses %s permits', (permits) => {
    expect(() => new Semaphore(permits as number)).toThrow(TypeError)
  })
})
