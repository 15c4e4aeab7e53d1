import type { PgPoolClientLike, PgPoolLike } from '../wire/pg-client.ts'

/**
 * Borrows clients of a pool that was passed in, without a moment in which nothing listens for their errors.
 * pg's pool removes its own listener before it hands a client over, and the server may end the connection
 * in the same chunk that made the client ready: without a listener, that error ends the process.
 */
export class HandOver {
  readonly #pool: PgPoolLike
  #borrowing = 0
  /** The clients that the pool handed over while a caller here waits, and whether they are lost. */
  readonly #heard = new Map<PgPoolClientLike, Heard>()

  private constructor(pool: PgPoolLike) {
    this.#pool = pool
    // Without a listener, an error of an idle client of pg's pool would end the process as well.
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

  /**
   * @param receive called in the same turn in which the client arrives; `isLost`: its connection is already
   *   gone
   */
  async borrow<T>(receive: (client: PgPoolClientLike, isLost: boolean) => T): Promise<T> {
    this.#borrowing += 1
    try {
      const client = await this.#pool.connect()
      const result = receive(client, this.#heard.get(client)?.isLost === true)
      this.#leave(client)
      return result
    } finally {
      this.#borrowing -= 1
      // Other borrowers listen to their clients themselves.
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
