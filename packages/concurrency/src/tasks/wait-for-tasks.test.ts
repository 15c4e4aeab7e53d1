import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import type { Task } from './task.ts'
import { taskGroup } from './task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { wait } from './wait-for-tasks.ts'

const names = (tasks: readonly Task<unknown>[]): string[] => tasks.map((task) => task.name)

describe('wait', () => {
  test('until first-completed: returns with the first that ended, and cancels nothing', async () => {
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const tasks = [30, 10, 20].map((ms) => group.spawn(() => sleep(ms), { name: `${ms}` }))
      const waiting = wait(tasks, { until: 'first-completed' })
      await clock.advance(10)
      const { done, pending } = await waiting
      expect([names(done), names(pending)]).toEqual([['10'], ['30', '20']])
      expect(pending.map((task) => task.state)).toEqual(['running', 'running'])
      await clock.advance(30)
    })
  })

  test('until first-exception: passes over those that succeed', async () => {
    using clock = TestClock.install()
    const group = taskGroup(async (group) => {
      const quick = group.spawn(() => sleep(10), { name: 'quick' })
      const bad = group.spawn(
        async () => {
          await sleep(20)
          throw new Error('no')
        },
        { name: 'bad' },
      )
      const slow = group.spawn(() => sleep(30), { name: 'slow' })
      const { done, pending } = await wait([quick, bad, slow], { until: 'first-exception' })
      return [names(done), names(pending)]
    })
    const ended = expect(group).rejects.toThrow('a failure in "group": no')
    await clock.advance(20)
    await ended
  })

  test('until first-exception: returns while the siblings are still ending', async () => {
    using clock = TestClock.install()
    let tasks: Task<void>[] = []
    const group = taskGroup((group) => {
      const work = async (): Promise<void> => {
        await shield(() => sleep(30))
      }
      tasks = [
        group.spawn(() => sleep(10)),
        group.spawn(() => Promise.reject(new Error('no')), { name: 'bad' }),
        group.spawn(work, { name: 'closing' }),
      ]
    })
    const ended = expect(group).rejects.toThrow('no')
    const { done, pending } = await wait(tasks.slice(1), { until: 'first-exception' })
    expect([names(done), names(pending)]).toEqual([['bad'], ['closing']])
    expect(
      (await wait([tasks[1] as Task<void>, tasks[2] as Task<void>], { timeoutMs: 0 })).pending,
    ).toHaveLength(1)
    const all = wait(tasks)
    await clock.advance(30)
    expect((await all).pending).toEqual([])
    await ended
  })

  test('until first-exception: the body has what was found, though the failure cancels it', async () => {
    using clock = TestClock.install()
    const seen: unknown[] = []
    const group = taskGroup(async (group) => {
      const bad = group.spawn(() => sleep(10).then(() => Promise.reject(new Error('no'))), {
        name: 'bad',
      })
      const closing = group.spawn(() => shield(() => sleep(30)), { name: 'closing' })
      const quick = group.spawn(() => sleep(Infinity), { name: 'quick' })
      const { done, pending } = await wait([quick, bad, closing], { until: 'first-exception' })
      seen.push(names(done), names(pending))
      await sleep(0).catch((error) => seen.push((error as Error).name))
    })
    const ended = expect(group).rejects.toThrow('a failure in "group": no')
    await clock.advance(10)
    expect(seen).toEqual([['bad'], ['quick', 'closing'], 'Cancelled'])
    await clock.advance(30)
    await ended
  })

  test('until first-exception: the body goes on after a failure of a task that settles', async () => {
    using clock = TestClock.install()
    const group = taskGroup(async (group) => {
      const spawn = (name: string, fn: () => unknown): Task<unknown> => {
        return group.spawn(fn, { name, settle: true })
      }
      const tasks = [
        spawn('slow', () => sleep(Infinity)),
        spawn('bad', () => sleep(10).then(() => Promise.reject(new Error('no')))),
      ]
      const { done, pending } = await wait(tasks, { until: 'first-exception' })
      for (const task of pending) task.cancel()
      await sleep(5)
      const told = await Promise.allSettled(done)
      return [names(done), names(pending), told]
    })
    await clock.advance(15)
    expect(await group).toEqual([
      ['bad'],
      ['slow'],
      [{ status: 'rejected', reason: new Error('no') }],
    ])
  })

  test('until all-completed, the default: returns when none runs', async () => {
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const tasks = [10, 20].map((ms) => group.spawn(() => sleep(ms)))
      const waiting = wait(tasks)
      await clock.advance(20)
      expect((await waiting).pending).toEqual([])
      expect((await wait(tasks)).done).toHaveLength(2)
    })
  })

  test('its own timeout is no error, and its timer goes with it', async () => {
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const task = group.spawn(() => sleep(20), { name: 'slow' })
      const short = wait([task], { timeoutMs: 1 })
      const quick = wait([group.spawn(() => sleep(1))], { timeoutMs: 1_000 })
      expect(clock.pending).toBe(4)
      void wait([task])
      expect(clock.pending).toBe(4)
      await clock.advance(1)
      expect([(await short).pending, (await quick).pending]).toEqual([[task], []])
      expect(clock.pending).toBe(1)
      const waiting = wait([task], { timeoutMs: 10 })
      await clock.advance(10)
      expect(names((await waiting).pending)).toEqual(['slow'])
      await clock.advance(9)
    })
  })

  test('a cancel ends the wait and spares the tasks', async () => {
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const task = group.spawn(() => sleep(20))
      const waiting = withTimeout(10, () => wait([task]))
      const ended = expect(waiting).rejects.toThrow('did not end within 10 ms')
      await clock.advance(10)
      await ended
      expect(task.state).toBe('running')
      await clock.advance(10)
      expect(task.state).toBe('done')
    })
    expect(clock.pending).toBe(0)
  })

  test('is a checkpoint, and stands in the task tree', async () => {
    const result = cancelScope(async (scope) => {
      await taskGroup(async (group) => {
        const tasks = [group.spawn(() => sleep(Infinity)), group.spawn(() => sleep(Infinity))]
        const waiting = wait(tasks)
        expect(formatTaskTree()).toContain('waits for 2 tasks')
        scope.cancel()
        await expect(wait([])).rejects.toBeInstanceOf(Cancelled)
        await waiting
      })
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('a task that was cancelled counts as completed, not as an exception', async () => {
    await taskGroup(async (group) => {
      const task = group.spawn(() => sleep(Infinity))
      task.cancel()
      expect((await wait([task], { until: 'first-exception' })).done).toEqual([task])
      await expect(task).rejects.toBeInstanceOf(Cancelled)
    })
  })

  test('refuses what is no task, and an unknown condition', async () => {
    await expect(wait([Promise.resolve() as never])).rejects.toThrow(TypeError)
    await expect(wait([], { until: 'any' as never })).rejects.toThrow(TypeError)
    await expect(wait([], { timeoutMs: '1' as never })).rejects.toThrow(TypeError)
  })
})
