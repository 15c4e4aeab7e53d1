import { Fifo } from './fifo.ts'
import { QueueCore, type QueueOptions } from './queue-core.ts'

/**
 * First in, first out, between producers and consumers. With a `maxSize`, producers are held
 * back. A cancelled `get` loses no item.
 *
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
