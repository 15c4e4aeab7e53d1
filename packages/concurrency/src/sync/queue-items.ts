import { QueueShutDown } from './queue-shut-down.ts'

/** What a wait for an item gives that was ended. */
export const LEFT: unique symbol = Symbol('left')

/** Gets the next item. While it waits for one, `hold` is given what ends that, with {@link LEFT}. */
export type GetItem<T> = (hold: (leave: () => void) => void) => Promise<T | typeof LEFT>

/**
 * Iterates over the items that `get` gives, until the queue was shut down and is empty.
 *
 * `return` and `throw` of a generator wait for the `next` that is under way, which may wait for an item that
 * never comes, and would swallow it if it came (a stream that is destroyed does not want it). Here they end
 * that wait first.
 */
export function itemsOf<T>(get: GetItem<T>): AsyncGenerator<T, void, undefined> {
  let hasEnded = false
  let leave: (() => void) | undefined
  const items = iterate(
    () => hasEnded,
    () => get((end) => (leave = end)),
  )
  const end = (): void => {
    hasEnded = true
    leave?.()
  }
  const onReturn = items.return.bind(items)
  const onThrow = items.throw.bind(items)
  return Object.assign(items, {
    return(value: void | PromiseLike<void>): Promise<IteratorResult<T, void>> {
      end()
      return onReturn(value)
    },
    throw(error: unknown): Promise<IteratorResult<T, void>> {
      end()
      return onThrow(error)
    },
  })
}

async function* iterate<T>(
  hasEnded: () => boolean,
  get: () => Promise<T | typeof LEFT>,
): AsyncGenerator<T, void, undefined> {
  while (!hasEnded()) {
    let item: T | typeof LEFT
    try {
      item = await get()
    } catch (error) {
      if (QueueShutDown.isInstance(error)) return
      throw error
    }
    if (item === LEFT) return
    yield item
  }
}
