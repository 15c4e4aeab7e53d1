import { expectOptions } from '../arguments/expect-options.ts'
import { expected, expectFunction } from '../arguments/expected.ts'
import { PriorityStore, type QueueHandle } from './priority-store.ts'
import { QueueCore, type QueueOptions } from './queue-core.ts'

/** Options of {@link PriorityQueue}. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /** How urgent an item is when it is put in: the lowest number goes first. Never `NaN`. */
  readonly priority: (item: T) => number
}

/**
 * A queue that hands out the lowest number first, and first in, first out among equals. `put` gives a
 * handle by which the item can be taken out again.
 *
 * @example
 * const queue = new PriorityQueue<Reminder>({ priority: (reminder) => reminder.dueAt })
 * const handle = await queue.put({ dueAt: Date.now() + 60_000 })
 * handle.remove()
 */
export class PriorityQueue<T> extends QueueCore<T, QueueHandle> {
  constructor(options: PriorityQueueOptions<T>) {
    expectOptions(options, ['name', 'maxSize', 'priority'], 'PriorityQueue')
    expectFunction('options.priority', options?.priority)
    const { priority: urgency, ...rest } = options
    super(
      new PriorityStore<T>((item) => {
        const priority = urgency(item)
        if (typeof priority === 'number' && !Number.isNaN(priority)) return priority
        throw expected('a priority to be a number', priority)
      }),
      rest,
    )
  }
}
