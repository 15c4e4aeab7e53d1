import { expectOptions } from '../arguments/expect-options.ts'
import { expectInteger } from '../arguments/expected.ts'
import { PacedRejections } from '../scopes/paced-rejections.ts'
import { itemsOf, LEFT } from './queue-items.ts'
import { QueueShutDown } from './queue-shut-down.ts'
import { WaitList } from '../scopes/wait-list.ts'

/** Options of all queues. */
export interface QueueOptions {
  /** Shown in errors and the task tree. @default 'queue' */
  readonly name?: string | undefined
  /** How many items it holds before `put` waits: an integer from 1 up. @default Infinity */
  readonly maxSize?: number | undefined
}

/** Options of {@link QueueCore.shutdown}. */
export interface ShutdownOptions {
  /** Whether to drop what is in the queue. @default false: it is still handed out */
  readonly immediate?: boolean | undefined
}

/**
 * Holds the items of a queue and decides which one comes next. `add` may return a handle to the item.
 */
export interface Store<T, H> {
  readonly size: number
  /** @param onRemoved called when the item was removed by its handle */
  add(item: T, onRemoved: () => void): H
  /** Removes the next item and returns it. Call it only when there is one. */
  take(): T
  clear(): void
}

/** What all queues share; they differ in which item comes next. `H` is what `put` resolves to. */
export class QueueCore<T, H = void> implements AsyncIterable<T> {
  readonly name: string
  readonly maxSize: number
  readonly #store: Store<T, H>
  readonly #getters: WaitList<T | typeof LEFT>
  readonly #putters: WaitList<H, T>
  readonly #joiners: WaitList<void>
  readonly #rejections = new PacedRejections()
  #unfinished = 0
  #shutDown = false

  constructor(store: Store<T, H>, options: QueueOptions) {
    expectOptions(options, ['name', 'maxSize'], 'Queue')
    const { name = 'queue', maxSize = Infinity } = options
    expectInteger('maxSize', maxSize, 1, Infinity)
    this.name = name
    this.maxSize = maxSize
    this.#store = store
    this.#getters = new WaitList(`queue "${name}" get`)
    this.#putters = new WaitList(`queue "${name}" put`)
    this.#joiners = new WaitList(`queue "${name}" join`)
  }

  /** How many items are in it. */
  get size(): number {
    return this.#store.size
  }

  /** Whether `put` would wait. */
  get full(): boolean {
    return this.#store.size >= this.maxSize
  }

  /** Whether `shutdown` was called. */
  get isShutDown(): boolean {
    return this.#shutDown
  }

  /** How many items were put and not yet reported by `taskDone`. */
  get unfinished(): number {
    return this.#unfinished
  }

  /**
   * Puts an item in; waits while the queue is full, first come, first served.
   *
   * @throws {QueueShutDown} when the queue was shut down, before or during the wait
   * @throws {Cancelled} when the scope around it is cancelled first; the item is then not in the queue
   */
  put(item: T): Promise<H> {
    const refused = this.#putters.refusal()
    if (refused !== undefined) return refused
    if (this.#shutDown) return this.#rejections.reject(new QueueShutDown(this.name))
    if (this.full) return this.#putters.wait(item)
    return Promise.try(() => this.#add(item))
  }

  /**
   * Puts an item in if there is room now.
   *
   * @returns whether it did
   * @throws {QueueShutDown} when the queue was shut down
   */
  tryPut(item: T): boolean {
    if (this.#shutDown) throw new QueueShutDown(this.name)
    if (this.full) return false
    this.#add(item)
    return true
  }

  /**
   * Takes the next item; waits while there is none, first come, first served.
   *
   * @throws {QueueShutDown} when it was shut down and is empty
   * @throws {Cancelled} when the scope around it is cancelled first; no item is then taken
   */
  get(): Promise<T> {
    // Only an iterator's wait is ever left.
    return this.#get() as Promise<T>
  }

  /**
   * Takes the next item if there is one now.
   *
   * @throws {QueueShutDown} when it was shut down and is empty
   */
  tryGet(): T | undefined {
    if (this.#store.size > 0) return this.#take()
    if (this.#shutDown) throw new QueueShutDown(this.name)
    return undefined
  }

  /**
   * Reports that the work on one taken item is done; for {@link join}.
   *
   * @throws {TypeError} when called more often than items were put
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new TypeError(
        `Expected taskDone once for each item of "${this.name}", got one call too many`,
      )
    }
    this.#finish(1)
  }

  /**
   * Waits until `taskDone` was called for each item that was put.
   *
   * @throws {Cancelled} when the scope around it is cancelled first
   */
  join(): Promise<void> {
    if (this.#unfinished > 0) return this.#joiners.wait()
    return this.#joiners.refusal() ?? Promise.resolve()
  }

  /**
   * Closes the queue for new items: waiters in `put` fail at once; `get` hands out what is left, then
   * fails. With `immediate`, what is left is dropped, and `join` waits only for what was taken. Calling it
   * again does no harm.
   *
   * @throws {TypeError} when an option is unknown or has the wrong type
   */
  shutdown(options: ShutdownOptions = {}): void {
    expectOptions(options, ['immediate'], 'shutdown')
    this.#shutDown = true
    while (this.#putters.size > 0) this.#putters.fail(new QueueShutDown(this.name))
    if (options.immediate === true) {
      const dropped = this.#store.size
      this.#store.clear()
      this.#finish(dropped)
    }
    // Waiters in `get` are waiting because the queue is empty.
    while (this.#getters.size > 0) this.#getters.fail(new QueueShutDown(this.name))
  }

  /**
   * Hands out the items, and ends when the queue was shut down and is empty. Call `taskDone` for each. An
   * iterator that is ended while it waits takes no item any more.
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return itemsOf<T>((hold) => this.#get((leave) => hold(() => leave(LEFT))))
  }

  #get(hold?: (leave: (left: typeof LEFT) => void) => void): Promise<T | typeof LEFT> {
    const refused = this.#getters.refusal()
    if (refused !== undefined) return refused
    if (this.#store.size > 0) return Promise.resolve(this.#take())
    if (this.#shutDown) return this.#rejections.reject(new QueueShutDown(this.name))
    return this.#getters.wait(undefined, hold)
  }

  #add(item: T): H {
    const handle = this.#store.add(item, this.#onRemoved)
    this.#unfinished += 1
    // Getters wait only while the queue is empty, so this item is the next one, whatever the order of the
    // queue.
    if (this.#getters.size > 0) this.#getters.shift(this.#store.take())
    return handle
  }

  #take(): T {
    const item = this.#store.take()
    this.#refill()
    return item
  }

  /**
   * Lets the first waiters in `put` go on while there is room. A waiter fails if the store refuses its
   * item.
   */
  #refill(): void {
    while (this.#putters.size > 0 && !this.full) {
      try {
        this.#putters.shift(this.#add(this.#putters.first))
      } catch (error) {
        this.#putters.fail(error)
      }
    }
  }

  readonly #onRemoved = (): void => {
    this.#refill()
    this.#finish(1)
  }

  #finish(count: number): void {
    // `taskDone` may have been called for items that were not taken yet.
    this.#unfinished = Math.max(0, this.#unfinished - count)
    if (this.#unfinished === 0) while (this.#joiners.shift());
  }
}
