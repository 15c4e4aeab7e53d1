import { expectMilliseconds, expectOneOf } from '../arguments/expect-kind.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expected } from '../arguments/expected.ts'
import { moveOnAfter } from '../scopes/move-on-after.ts'
import { awaitsItself, onTaskEnd, Task } from './task.ts'
import { wait as waitUntil } from '../scopes/wait.ts'

const UNTIL = ['first-completed', 'first-exception', 'all-completed'] as const

type Until = (typeof UNTIL)[number]

/** Options of {@link wait}. */
export interface WaitOptions {
  /**
   * What to wait for.
   *
   * - `'first-completed'`: one of them has ended, however.
   * - `'first-exception'`: one of them has failed, or all have ended.
   * - `'all-completed'`: all have ended.
   *
   * @default 'all-completed'
   */
  readonly until?: Until | undefined
  /** Stop waiting after this many milliseconds, which is not an error. @default Infinity */
  readonly timeoutMs?: number | undefined
}

/** What {@link wait} found, each in the order in which they were given. */
export interface Waited<T> {
  readonly done: Task<T>[]
  readonly pending: Task<T>[]
}

/**
 * Waits for tasks as asyncio's `wait` does: it neither cancels those that are pending nor throws what
 * those that are done threw. Await the done ones for that.
 *
 * The failure of a task cancels its group, and the body with it: `wait` still gives what it found, and
 * the next checkpoint in the body throws. To go on after a failure, spawn the tasks with `settle: true`.
 *
 * For results, await the tasks, or use `gather` or `asCompleted`: `wait` is for code that decides by what is
 * done so far.
 *
 * @throws {Cancelled} when the scope around it is cancelled first; the tasks go on
 * @throws {TypeError} when the caller runs inside one of the tasks and would wait for itself, when an item is
 *   not a task, or an option is unknown or has the wrong type
 * @example
 * const { done, pending } = await wait(tasks, { until: 'first-completed' })
 * for (const task of pending) task.cancel()
 */
export async function wait<T>(
  tasks: Iterable<Task<T>>,
  options: WaitOptions = {},
): Promise<Waited<T>> {
  expectOptions(options, ['until', 'timeoutMs'], 'wait')
  const { until = 'all-completed', timeoutMs = Infinity } = options
  expectMilliseconds('timeoutMs', timeoutMs, -Infinity)
  expectOneOf('until', until, UNTIL)
  const all = Array.from(new Set(tasks))
  for (const task of all) if (!(task instanceof Task)) throw expected('tasks to be of Task', task)
  const endless = all.map((task) => awaitsItself(task)).filter((mistake) => mistake !== undefined)
  if (endless.length > 0 && (until === 'all-completed' || endless.length === all.length)) {
    throw endless[0]
  }
  let waited: Waited<T> | undefined
  await moveOnAfter(timeoutMs, async () => {
    waited = await waitUntilEnough(all, until)
  })
  return waited ?? split(all)
}

function split<T>(all: readonly Task<T>[]): Waited<T> {
  return {
    done: all.filter((task) => task.state !== 'running'),
    pending: all.filter((task) => task.state === 'running'),
  }
}

/** The result is taken at the moment at which it is enough, because a failure then cancels the siblings. */
async function waitUntilEnough<T>(all: readonly Task<T>[], until: Until): Promise<Waited<T>> {
  let running = all.filter((task) => task.state === 'running').length
  let unlisten: (() => void)[] = []
  try {
    return await waitUntil<Waited<T>>(`${all.length} tasks`, (resolve) => {
      const look = (): void => {
        const enough =
          until === 'first-completed'
            ? running < all.length
            : until === 'first-exception' && all.some((task) => task.state === 'failed')
        if (enough || running === 0) resolve(split(all))
      }
      unlisten = all.map((task) =>
        onTaskEnd(task, () => {
          running -= 1
          look()
        }),
      )
      look()
      return () => undefined
    })
  } finally {
    for (const off of unlisten) off()
  }
}
