import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { Queue } from '../sync/queue.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from './task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { workers } from './workers.ts'

describe('workers', () => {
  test('handle items, so many at once, until the queue is shut down and empty', async () => {
    using clock = TestClock.install()
    const queue = new Queue<number>()
    for (const item of [1, 2, 3, 4, 5]) await queue.put(item)
    const done: number[] = []
    let most = 0
    let now = 0
    await taskGroup(async (group) => {
      group.spawn(() =>
        workers(queue, 2, async (item) => {
          now += 1
          most = Math.max(most, now)
          await sleep(10)
          now -= 1
          done.push(item)
        }),
      )
      await clock.advance(30)
      await queue.join()
      queue.shutdown()
    })
    expect(done).toEqual([1, 2, 3, 4, 5])
    expect(most).toBe(2)
  })

  test('stand in the task tree, each with what it has in hand', async () => {
    const queue = new Queue<string>()
    await queue.put('mail')
    await taskGroup(async (group) => {
      group.spawn(() => workers(queue, 2, () => sleep(Infinity), { name: 'sender' }))
      await setImmediate()
      expect(formatTaskTree().replaceAll(/ \d+ ms/g, '')).toContain(
        `group sender
      ├─ task sender 1
      │  └─ task sender item
      │     └─ waits for sleep
      └─ task sender 2
         └─ waits for queue "queue" get, 1st in line`,
      )
      group.cancel()
    })
  })

  test('the first failure cancels the other workers and is thrown as it is', async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    await queue.put(2)
    const failure = new Error('no')
    let reason: unknown
    const working = workers(queue, 2, async (item) => {
      if (item === 1) {
        await setImmediate()
        throw failure
      }
      await sleep(Infinity).catch((error: unknown) => {
        reason = error
        throw error
      })
    })
    await expect(working).rejects.toBe(failure)
    expect(reason).toBeInstanceOf(Cancelled)
    // Both were taken and neither will be tried again: whoever joins must not hang.
    await queue.join()
  })

  test('several failures come in one AggregateError', async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    await queue.put(2)
    const working = workers(queue, 2, (item) => {
      throw new Error(`no ${item}`)
    })
    await expect(working).rejects.toThrow('2 failures in "workers"')
  })

  test.each([0, 1.5])('refuses a count of %s', async (count) => {
    await expect(workers(new Queue(), count, () => undefined)).rejects.toThrow(TypeError)
  })

  test('refuses a handler that is no function', async () => {
    await expect(workers(new Queue(), 1, 'x' as never)).rejects.toThrow(
      new TypeError('Expected handler to be a function, got a string'),
    )
  })
})
