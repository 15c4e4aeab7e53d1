import type { PgPoolClientLike, PgPoolLike } from '../wire/pg-client.ts'

/**
 * Borrows clients of a pool that was passed in, without a moment in which nothing listens to them. pg's
 * pool takes its own listener off before it hands a client over, and the goodbye of the server may be
 * in the very chunk that made the client ready: unheard, that ends the process.
 */
export class HandOver {
  readonly #pool: PgPoolLike
  #borrowing = 0
  /** What was handed over while a caller here waits, and what is known of it. */
  readonly #heard = new Map<PgPoolClientLike, Heard>()

  private constructor(pool: PgPoolLike) {
    this.#pool = pool
    // Unheard, an error of an idle client of pg's pool would end the process as well.
    pool.on?.('error', () => undefined)
    pool.on?.('acquire', (client: PgPoolClientLike) => this.#listen(client))
  }

  static readonly #of = new WeakMap<PgPoolLike, HandOver>()

  /** One for each pool: several databases may use it. */
  static of(pool: PgPoolLike): HandOver {
    let found = HandOver.#of.get(pool)
    if (found === undefined) HandOver.#of.set(pool, (found = new HandOver(pool)))
    return found
  }

  /** @param receive called in the same turn as the client comes; `isLost`: it is gone already */
  async borrow<T>(receive: (client: PgPoolClientLike, isLost: boolean) => T): Promise<T> {
    this.#borrowing += 1
    try {
      const client = await this.#pool.connect()
      const result = receive(client, this.#heard.get(client)?.isLost === true)
      this.#leave(client)
      return result
    } finally {
      this.#borrowing -= 1
      // What others have borrowed meanwhile is theirs to listen to.
      if (this.#borrowing === 0) for (const client of this.#heard.keys()) this.#leave(client)
    }
  }

  #listen(client: PgPoolClientLike): void {
    if (this.#borrowing === 0 || this.#heard.has(client)) return
    const heard = new Heard()
    client.on('error', heard.lose)
    this.#heard.set(client, heard)
  }

  #leave(client: PgPoolClientLike): void {
    const heard = this.#heard.get(client)
    if (heard !== undefined) client.off?.('error', heard.lose)
    this.#heard.delete(client)
  }
}

class Heard {
  isLost = false
  readonly lose = (): void => {
    this.isLost = true
  }
}
