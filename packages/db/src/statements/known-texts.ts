/** How many texts are remembered; then it begins anew. */
const LIMIT = 2_000

/** The longest text that is remembered, in characters: a longer one takes longer to run than to look through. */
const LONGEST = 10_000

/** What is known of statements by their text, found out once for each: an app has few, and runs them often. */
export class KnownTexts<Q extends { readonly sql: string }> {
  readonly #find: (query: Q) => boolean
  readonly #known = new Map<string, boolean>()

  constructor(find: (query: Q) => boolean) {
    this.#find = find
  }

  is(query: Q): boolean {
    const { sql } = query
    let known = this.#known.get(sql)
    if (known === undefined) {
      known = this.#find(query)
      if (sql.length > LONGEST) return known
      if (this.#known.size >= LIMIT) this.#known.clear()
      this.#known.set(sql, known)
    }
    return known
  }
}
