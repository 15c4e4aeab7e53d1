import { describeValue } from './describe-value.ts'
import { currentClock } from './clock.ts'
import { onTaskEnd, Task } from './task.ts'
import { expectDelay } from './timeout.ts'
import { wait as waitUntil } from './wait.ts'

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
  readonly until?: 'first-completed' | 'first-exception' | 'all-completed'
  /** Stop waiting after so many milliseconds; that is no error. @default Infinity */
  readonly timeoutMs?: number
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
 * @throws {Cancelled} when the scope around it is cancelled first; the tasks go on
 * @example
 * const { done, pending } = await wait(tasks, { until: 'first-completed' })
 * for (const task of pending) task.cancel()
 */
export async function wait<T>(
  tasks: Iterable<Task<T>>,
  options: WaitOptions = {},
): Promise<Waited<T>> {
  const { until = 'all-completed', timeoutMs = Infinity } = options
  expectDelay('timeoutMs', timeoutMs)
  if (!['first-completed', 'first-exception', 'all-completed'].includes(until)) {
    throw new TypeError(
      `Expected until to be 'first-completed', 'first-exception' or 'all-completed', got ${describeValue(until)}`,
    )
  }
  const all = Array.from(new Set(tasks))
  for (const task of all) {
    if (!(task instanceof Task)) {
      throw new TypeError(`Expected tasks to be of Task, got ${describeValue(task)}`)
    }
  }
  await waitUntil<void>(`${all.length} tasks`, (resolve) => {
    let running = all.filter((task) => task.state === 'running').length
    const enough = (): boolean =>
      running === 0 ||
      (until === 'first-completed' && running < all.length) ||
      (until === 'first-exception' && all.some((task) => task.state === 'failed'))
    if (enough() || timeoutMs <= 0) {
      resolve()
      return () => undefined
    }
    const unlisten = all.map((task) =>
      onTaskEnd(task, () => {
        running -= 1
        if (enough()) finish()
      }),
    )
    const timer =
      timeoutMs === Infinity ? undefined : currentClock().schedule(timeoutMs, () => finish())
    const leave = (): void => {
      timer?.cancel()
      for (const off of unlisten) off()
    }
    const finish = (): void => {
      leave()
      resolve()
    }
    return leave
  })
  return {
    done: all.filter((task) => task.state !== 'running'),
    pending: all.filter((task) => task.state === 'running'),
  }
}
