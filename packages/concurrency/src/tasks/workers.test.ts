import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { Queue } from '../sync/queue.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from './task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { io } from '../boundary/io.ts'
import { outcomeOf } from '../scopes/outcome.ts'
import { withTimeout } from '../scopes/timeout.ts'
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

describe('workers with onFailure', () => {
  const filled = async (...items: number[]): Promise<Queue<number>> => {
    const queue = new Queue<number>()
    for (const item of items) await queue.put(item)
    return queue
  }

  test('hand over the failure of an item and go on with the others', async () => {
    const queue = await filled(1, 2, 3, 4)
    queue.shutdown()
    const done: number[] = []
    const failed: unknown[] = []
    const handler = async (item: number): Promise<void> => {
      await setImmediate()
      if (item % 2 === 0) throw new Error(`no ${item}`)
      done.push(item)
    }
    const onFailure = (error: unknown, item: number): void => {
      failed.push([(error as Error).message, item])
    }
    await workers(queue, 2, handler, { onFailure })
    expect(done).toEqual([1, 3])
    expect(failed).toEqual([
      ['no 2', 2],
      ['no 4', 4],
    ])
    await queue.join()
  })

  test('never call it for a cancel, whatever the handler made of it', async () => {
    const queue = await filled(1)
    const failed: unknown[] = []
    await taskGroup(async (group) => {
      const handler = async (): Promise<void> => {
        await sleep(Infinity).catch(() => {
          throw new Error('wrapped')
        })
      }
      const task = group.spawn(() =>
        workers(queue, 1, handler, { onFailure: (error) => failed.push(error) }),
      )
      await setImmediate()
      task.cancel()
      await expect(task).rejects.toThrow(Cancelled)
    })
    expect(failed).toEqual([])
  })

  test('end with what it throws', async () => {
    const queue = await filled(1, 2)
    const onFailure = (error: unknown): never => {
      throw new Error('full', { cause: error })
    }
    const all = workers(queue, 1, () => Promise.reject(new Error('no')), { onFailure })
    await expect(all).rejects.toThrow('full')
  })

  test('tell that a write of the failed item may have happened', async () => {
    const call = { boundary: 'mail', operation: 'send', effect: 'write' } as const
    const send = (): Promise<void> => io(call, {}, () => Promise.reject(new Error('lost')))
    const failure = await withTimeout(10_000, async () => {
      const queue = await filled(1)
      queue.shutdown()
      await workers(queue, 1, send, { onFailure: () => undefined })
      throw new Error('later')
    }).catch((error: unknown) => error)
    expect(outcomeOf(failure)).toBe('unknown')
  })

  test('need a function', async () => {
    const all = workers(new Queue(), 1, () => 1, { onFailure: 'log' as never })
    await expect(all).rejects.toThrow('Expected onFailure to be a function')
  })
})
