import { Origin, type OriginSettings } from './origin.ts'

/** How many origins are remembered; beyond that the idle ones that were used least lately go. */
const MOST_ORIGINS = 256

/** The origins of a client by name. */
export class Origins implements Iterable<Origin> {
  readonly #settings: OriginSettings
  readonly #byName = new Map<string, Origin>()
  #latest: Origin | undefined = undefined

  constructor(settings: OriginSettings) {
    this.#settings = settings
  }

  get(name: string): Origin {
    if (this.#latest?.name === name) return this.#latest
    const known = this.#byName.get(name)
    const origin = known ?? new Origin(name, this.#settings)
    if (known === undefined) this.#forgetIdle()
    else this.#byName.delete(name)
    this.#byName.set(name, origin)
    this.#latest = origin
    return origin
  }

  [Symbol.iterator](): IterableIterator<Origin> {
    return this.#byName.values()
  }

  async destroy(): Promise<void> {
    await Promise.all(Array.from(this, (origin) => origin.connections.destroy()))
  }

  #forgetIdle(): void {
    if (this.#byName.size < MOST_ORIGINS) return
    for (const [name, origin] of this.#byName) {
      if (!origin.connections.isIdle) continue
      this.#byName.delete(name)
      if (this.#latest === origin) this.#latest = undefined
      origin.connections.destroy().catch(() => undefined)
      return
    }
  }
}
