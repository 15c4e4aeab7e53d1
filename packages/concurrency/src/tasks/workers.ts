import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction, expectInteger } from '../arguments/expected.ts'
import { oneOrAll } from './one-or-all.ts'
import type { QueueCore } from '../sync/queue-core.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { Scope } from '../scopes/scope.ts'
import { settled } from './settled.ts'
import { runGroup } from './task-group.ts'

/** Options of {@link workers}. */
export interface WorkersOptions<T = never> {
  /**
   * Called with the error and the item of a handler that failed, in the item's scope; the workers go on.
   * What it throws ends them. A cancel is never a failure. @default the first failure ends all
   */
  readonly onFailure?: ((error: unknown, item: T) => unknown) | undefined
  /** Shown in errors and the task tree. @default 'workers' */
  readonly name?: string | undefined
}

/**
 * Runs `count` workers that take items from `queue` and call `handler` with each, until the queue was shut
 * down and is empty. `taskDone` is called for each item, however its handler ended. The first failure
 * cancels the other workers.
 *
 * For an existing list or stream, `mapConcurrent` is simpler.
 *
 * @param count how many items are handled at once: an integer from 1 up
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @example
 * const sending = group.spawn(() => workers(queue, 4, (mail) => mailer.send(mail)))
 * await queue.join()
 * queue.shutdown()
 * @example
 * // Log and go on: one item that fails stops no other.
 * await workers(queue, 4, send, { onFailure: (error, mail) => log.warn({ err: error, mail: mail.id }) })
 */
export async function workers<T, H>(
  queue: QueueCore<T, H>,
  count: number,
  handler: (item: T) => unknown,
  options: WorkersOptions<T> = {},
): Promise<void> {
  expectOptions(options, ['name', 'onFailure'], 'workers')
  const { name = 'workers', onFailure } = options
  expectInteger('count', count, 1)
  expectFunction('handler', handler)
  if (onFailure !== undefined) expectFunction('onFailure', onFailure)
  const handle = onFailure === undefined ? handler : goingOn(handler, onFailure)
  await runGroup(
    name,
    (group) => {
      for (let number = 1; number <= count; number += 1) {
        group.start(() => work(queue, name, handle), `${name} ${number}`)
      }
    },
    oneOrAll,
  )
}

/** `handler`, with its failures passed to `onFailure`. */
function goingOn<T>(
  handler: (item: T) => unknown,
  onFailure: (error: unknown, item: T) => unknown,
): (item: T) => Promise<void> {
  return async (item) => {
    const result = await settled(() => handler(item))
    if (result.status === 'rejected') await onFailure(result.reason, item)
  }
}

async function work<T, H>(
  queue: QueueCore<T, H>,
  name: string,
  handler: (item: T) => unknown,
): Promise<void> {
  for await (const item of queue) {
    // A scope for each item: what its handler forgot to await ends with the item, not with the worker.
    const scope = new Scope({ kind: 'task', name: `${name} item` }, currentScope())
    try {
      await runInScope(scope, () => handler(item))
    } finally {
      queue.taskDone()
    }
  }
}
