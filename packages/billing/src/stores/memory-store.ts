import type {
  BillingStore,
  CustomerIntent,
  CustomerRecord,
  EventRecord,
  Processed,
} from './billing-store.ts'

/** A store in memory: for tests, and gone with the process. */
export function memoryBillingStore(): BillingStore<undefined> {
  return new MemoryBillingStore()
}

class MemoryBillingStore implements BillingStore<undefined> {
  readonly #customers = new Map<string, CustomerRecord>()
  /** When each event was recorded. */
  readonly #events = new Map<string, number>()
  /** The deliveries under way, for later ones of the same event to wait for. */
  readonly #running = new Map<string, Promise<unknown>>()

  async findCustomer(reference: string): Promise<CustomerRecord | undefined> {
    return this.#customers.get(reference)
  }

  async beginCustomer(reference: string, intent: CustomerIntent): Promise<CustomerRecord> {
    const standing = this.#customers.get(reference)
    if (standing !== undefined) return standing
    const record = { reference, customerId: undefined, intent }
    this.#customers.set(reference, record)
    return record
  }

  async replaceIntent(
    reference: string,
    formerKey: string,
    intent: CustomerIntent | undefined,
  ): Promise<CustomerRecord | undefined> {
    const standing = this.#customers.get(reference)
    if (standing?.intent?.idempotencyKey !== formerKey) return standing
    this.#customers.delete(reference)
    return intent === undefined ? undefined : await this.beginCustomer(reference, intent)
  }

  async settleCustomer(reference: string, customerId: string): Promise<string> {
    const standing = this.#customers.get(reference)?.customerId ?? customerId
    this.#customers.set(reference, { reference, customerId: standing, intent: undefined })
    return standing
  }

  async processEvent<T>(
    event: EventRecord,
    handler: (tx: undefined) => Promise<T>,
  ): Promise<Processed<T>> {
    for (;;) {
      if (this.#events.has(event.id)) return { duplicate: true }
      const running = this.#running.get(event.id)
      if (running === undefined) break
      await running.catch(() => undefined)
    }
    const call = handler(undefined)
    this.#running.set(event.id, call)
    try {
      const value = await call
      this.#events.set(event.id, Date.now())
      return { duplicate: false, value }
    } finally {
      this.#running.delete(event.id)
    }
  }

  async pruneEvents(before: Date): Promise<number> {
    let pruned = 0
    for (const [id, receivedAt] of this.#events) {
      if (receivedAt >= before.getTime()) continue
      this.#events.delete(id)
      pruned += 1
    }
    return pruned
  }
}
