import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { Queue } from './queue.ts'
import { QueueShutDown } from './queue-shut-down.ts'
import { taskGroup } from '../tasks/task-group.ts'

describe('Queue', () => {
  test('holds its producers back at maxSize, and lets them in in the order they came', async () => {
    const queue = new Queue<number>({ maxSize: 2 })
    const log: string[] = []
    await taskGroup(async (group) => {
      group.spawn(async () => {
        for (const item of [1, 2, 3, 4]) {
          await queue.put(item)
          log.push(`put ${item}`)
        }
      })
      await setImmediate()
      expect(log).toEqual(['put 1', 'put 2'])
      expect(queue.full).toBe(true)
      expect(await queue.get()).toBe(1)
      expect(queue.size).toBe(2)
      await setImmediate()
      expect(log).toEqual(['put 1', 'put 2', 'put 3'])
      expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([2, 3, 4])
    })
  })

  test('hands an item to the getter that waited longest, and nobody barges in', async () => {
    const queue = new Queue<string>()
    const first = queue.get()
    const second = queue.get()
    await queue.put('a')
    expect(queue.tryGet()).toBeUndefined()
    await queue.put('b')
    expect(await Promise.all([first, second])).toEqual(['a', 'b'])
  })

  test('a cancelled getter loses no item and order is kept', async () => {
    const queue = new Queue<number>()
    const got: number[] = []
    await taskGroup(async (group) => {
      const getters = Array.from({ length: 3 }, () =>
        group.spawn(async () => {
          got.push(await queue.get())
        }),
      )
      getters[0]?.cancel()
      await queue.put(1)
      getters[1]?.cancel()
      await queue.put(2)
      await queue.put(3)
      await setImmediate()
      const left: number[] = []
      while (queue.size > 0) left.push(await queue.get())
      expect([...got, ...left]).toEqual([1, 2, 3])
    })
  })

  test('a cancelled putter leaves its item out', async () => {
    const queue = new Queue<number>({ maxSize: 1 })
    await queue.put(1)
    await taskGroup((group) => {
      const putter = group.spawn(() => queue.put(2))
      group.spawn(() => queue.put(3))
      putter.cancel()
      queue.tryGet()
    })
    expect(queue.tryGet()).toBe(3)
  })

  test('put, get and join are checkpoints: in a cancelled scope nothing is put or taken', async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    const calls = [() => queue.put(2), () => queue.get(), () => new Queue().join()]
    for (const call of calls) {
      const attempt = cancelScope(async (scope) => {
        scope.cancel()
        await call()
      })
      await expect(attempt).rejects.toBeInstanceOf(Cancelled)
    }
    expect(queue.size).toBe(1)
  })

  test('tryPut says whether there was room', () => {
    const queue = new Queue<number>({ maxSize: 1 })
    expect(queue.tryPut(1)).toBe(true)
    expect(queue.tryPut(2)).toBe(false)
  })

  test('join waits until taskDone was called for each item', async () => {
    const queue = new Queue<number>()
    await queue.join()
    await queue.put(1)
    await queue.put(2)
    let joined = false
    await taskGroup(async (group) => {
      group.spawn(async () => {
        await queue.join()
        joined = true
      })
      await queue.get()
      queue.taskDone()
      await queue.get()
      await setImmediate()
      expect(joined).toBe(false)
      queue.taskDone()
    })
    expect(joined).toBe(true)
  })

  test('one taskDone too many throws', async () => {
    const queue = new Queue<number>({ name: 'mails' })
    await queue.put(1)
    queue.taskDone()
    expect(() => queue.taskDone()).toThrow(
      new TypeError('Expected taskDone once for each item of "mails", got one call too many'),
    )
  })

  test('shutdown: putters fail at once, getters drain what is left, then fail', async () => {
    const queue = new Queue<number>({ maxSize: 1 })
    await queue.put(1)
    const waiting = queue.put(2)
    expect(queue.isShutDown).toBe(false)
    queue.shutdown()
    expect(queue.isShutDown).toBe(true)
    await expect(waiting).rejects.toBeInstanceOf(QueueShutDown)
    await expect(queue.put(3)).rejects.toBeInstanceOf(QueueShutDown)
    expect(() => queue.tryPut(3)).toThrow(QueueShutDown)
    expect(await queue.get()).toBe(1)
    await expect(queue.get()).rejects.toBeInstanceOf(QueueShutDown)
    expect(() => queue.tryGet()).toThrow(QueueShutDown)
  })

  test('shutdown wakes those who wait in get', async () => {
    const queue = new Queue<number>()
    const getter = queue.get()
    queue.shutdown()
    await expect(getter).rejects.toThrow('queue "queue" was shut down')
  })

  test('shutdown({ immediate: true }) empties it, and join waits only for what was taken', async () => {
    const queue = new Queue<number>()
    for (const item of [1, 2, 3]) await queue.put(item)
    await queue.get()
    let joined = false
    const joining = queue.join().then(() => {
      joined = true
    })
    queue.shutdown({ immediate: true })
    expect(queue.size).toBe(0)
    await setImmediate()
    expect(joined).toBe(false)
    queue.taskDone()
    await joining
    await expect(queue.get()).rejects.toBeInstanceOf(QueueShutDown)
  })

  test('a taskDone that comes before its item was taken does not upset a shutdown', async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    queue.taskDone()
    queue.shutdown({ immediate: true })
    expect(queue.unfinished).toBe(0)
    await queue.join()
  })

  test('iterates until it was shut down and is empty', async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    await queue.put(2)
    queue.shutdown()
    const seen: number[] = []
    for await (const item of queue) seen.push(item)
    expect(seen).toEqual([1, 2])
  })

  test('an iteration that is cancelled throws the cancel', async () => {
    const queue = new Queue<number>()
    const iterating = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      for await (const item of queue) expect.unreachable(String(item))
    })
    await expect(iterating).rejects.toBeInstanceOf(Cancelled)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses a maxSize of %s', (maxSize) => {
    expect(() => new Queue({ maxSize })).toThrow(TypeError)
  })
})
