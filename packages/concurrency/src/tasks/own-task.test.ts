import { describe, expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { checkpoint } from '../scopes/checkpoint.ts'
import { detached } from '../scopes/detached.ts'
import { gather } from './gather.ts'
import { mapConcurrent } from './map-concurrent.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import type { Task } from './task.ts'
import { taskGroup } from './task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { wait } from './wait-for-tasks.ts'

type Own = Task<unknown>

/** Ways of waiting for a task from within it. */
const ways: Readonly<Record<string, (task: Own) => unknown>> = {
  'an await': async (task) => await task,
  'a promise of it': (task) => Promise.resolve(task),
  'Promise.all': (task) => Promise.all([sleep(0), task]),
  'a scope': (task) => cancelScope(async () => await task),
  'a shield': (task) => shield(async () => await task),
  'a timeout': (task) => withTimeout(60_000, async () => await task),
  gather: (task) => gather([async () => await task]),
  'a child': (task) => taskGroup((group) => void group.spawn(async () => await task)),
  'a grandchild': (task) =>
    taskGroup((group) => {
      group.spawn(() => taskGroup((inner) => void inner.spawn(async () => await task)))
    }),
  'an iteration': async (task) => {
    for await (const _ of mapConcurrent([1], async () => await task, { concurrency: 1 }));
  },
  wait: (task) => wait([task]),
  'wait for the first': (task) => wait([task], { until: 'first-completed' }),
  'wait with a limit': (task) => wait([task], { timeoutMs: 60_000 }),
  'wait for all': (task) =>
    taskGroup((group) => wait([group.spawn(() => checkpoint()), task], { until: 'all-completed' })),
}

const message = (error: unknown): unknown =>
  error instanceof AggregateError ? message(error.errors[0]) : (error as Error).message

describe('a task that is awaited from within', () => {
  test.each(Object.entries(ways))('by %s: a TypeError, at once', async (_, way) => {
    using _clock = TestClock.install()
    const error = await taskGroup((group) => {
      const task: Own = group.spawn(
        async () => {
          await checkpoint()
          await way(task)
        },
        { name: 'page' },
      )
    }).catch((error: unknown) => error)
    expect(message(error)).toBe(
      'Expected the task "page" to be awaited from outside, got an await from within',
    )
  })

  test('a sibling, a parent, an ended one and what is detached may be awaited', async () => {
    const seen = await taskGroup(async (group) => {
      const first = group.spawn(() => checkpoint().then(() => 'first'))
      const second: Task<unknown> = group.spawn(async () => {
        await checkpoint()
        // Outside of all scopes it is somebody else's affair.
        void detached(() => second.then((value) => expect(value).toEqual(['first', 'child'])))
        const child = await taskGroup(async (inner) => await inner.spawn(() => 'child'))
        return [await first, child]
      })
      const result = await second
      await gather([async () => await second])
      const [fast] = (await wait([first, second], { until: 'first-completed' })).done
      expect(fast).toBe(first)
      return result
    })
    expect(seen).toEqual(['first', 'child'])
  })

  test('may be among those of which another is waited for', async () => {
    await taskGroup((group) => {
      const other = group.spawn(() => sleep(0))
      const task: Own = group.spawn(async () => {
        await checkpoint()
        const { done } = await wait([task as Task<void>, other], { until: 'first-completed' })
        expect(done).toEqual([other])
      })
    })
  })
})
