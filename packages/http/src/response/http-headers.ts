/** Headers as undici parsed them: by lower-case name. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>

/** The headers of an answer: read-only, names in any case. */
export class HttpHeaders implements Iterable<[string, string]> {
  readonly #raw: RawHeaders

  /** @param raw by lower-case name */
  constructor(raw: RawHeaders) {
    this.#raw = raw
  }

  /** The value, several joined by `', '` (RFC 9110, 5.3); `null` when there is none. */
  get(name: string): string | null {
    const value = this.#raw[name.toLowerCase()]
    if (value === undefined) return null
    return typeof value === 'string' ? value : value.join(', ')
  }

  /** Each value on its own: for `Set-Cookie`, which cannot be joined. */
  getAll(name: string): readonly string[] {
    const value = this.#raw[name.toLowerCase()]
    if (value === undefined) return []
    return typeof value === 'string' ? [value] : value
  }

  /** Whether the answer has this header. */
  has(name: string): boolean {
    return this.#raw[name.toLowerCase()] !== undefined
  }

  /** By lower-case name. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this)
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.#raw)) {
      const value = this.get(name)
      if (value !== null) yield [name, value]
    }
  }
}
