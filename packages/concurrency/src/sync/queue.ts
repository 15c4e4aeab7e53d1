import { Fifo } from './fifo.ts'
import { QueueCore, type QueueOptions } from './queue-core.ts'

/**
 * A queue between producers and consumers: first in, first out. With a `maxSize`, `put` waits while it is
 * full; without one it grows with no bound, so set one unless the producers are bounded otherwise. A
 * cancelled `get` loses no item.
 *
 * It is in memory and lost with the process: work that must not be lost belongs in a job (`@yuzuru/jobs`).
 *
 * @throws {TypeError} when `maxSize` is not an integer from 1 up, or an option is unknown or has the wrong type
 * @example
 * const queue = new Queue<Mail>({ maxSize: 100 })
 * await queue.put(mail)
 * for await (const mail of queue) { await send(mail); queue.taskDone() }
 */
export class Queue<T> extends QueueCore<T> {
  constructor(options: QueueOptions = {}) {
    super(new Fifo<T>(), options)
  }
}
