/** One request that reached the service. */
export interface RequestRecord {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Stripe's `Request-Id`. */
  readonly requestId?: string
  readonly idempotencyKey?: string
  /** True when the reply was a stored one, for an idempotency key seen before. */
  readonly replayed?: boolean
}

/** The newest `limit` requests; older ones are forgotten, the counts are not. */
export class RequestLog {
  readonly #records: RequestRecord[] = []
  readonly #counts = new Map<string, number>()
  readonly #limit: number

  constructor(limit = 10_000) {
    this.#limit = limit
  }

  add(record: RequestRecord): void {
    this.#records.push(record)
    if (this.#records.length > this.#limit) this.#records.shift()
    const key = `${record.method} ${record.path}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  all(): readonly RequestRecord[] {
    return [...this.#records]
  }

  /** How many requests came for a method and path, such as `count('POST', '/v1/customers')`. */
  count(method: string, path: string): number {
    return this.#counts.get(`${method} ${path}`) ?? 0
  }
}
