import { Lock } from '@yuzuru/concurrency/sync'

/** Has calls with the same key take turns, each in its caller's scope, in the order they came. */
export class Turns {
  readonly #locks = new Map<string, { readonly lock: Lock; users: number }>()

  async take<T>(key: string, fn: () => Promise<T>): Promise<T> {
    const entry = this.#locks.get(key) ?? { lock: new Lock(), users: 0 }
    this.#locks.set(key, entry)
    entry.users += 1
    try {
      using _permit = await entry.lock.acquire()
      return await fn()
    } finally {
      entry.users -= 1
      if (entry.users === 0) this.#locks.delete(key)
    }
  }
}
