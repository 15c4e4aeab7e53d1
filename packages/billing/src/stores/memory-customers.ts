import type { CustomerIntent, CustomerRecord } from './customer-record.ts'

/** Customers in memory. */
export class MemoryCustomers {
  readonly #records = new Map<string, CustomerRecord>()

  async findCustomer(reference: string): Promise<CustomerRecord | undefined> {
    return this.#records.get(reference)
  }

  async findReference(customerId: string): Promise<string | undefined> {
    return this.owner(customerId)
  }

  /** Whose customer it is, without a wait. */
  owner(customerId: string): string | undefined {
    return this.#records.values().find((record) => record.customerId === customerId)?.reference
  }

  async beginCustomer(reference: string, intent: CustomerIntent): Promise<CustomerRecord> {
    const standing = this.#records.get(reference)
    if (standing !== undefined) return standing
    const record = { reference, customerId: undefined, intent }
    this.#records.set(reference, record)
    return record
  }

  async replaceIntent(
    reference: string,
    formerKey: string,
    intent: CustomerIntent | undefined,
  ): Promise<CustomerRecord | undefined> {
    const standing = this.#records.get(reference)
    if (standing?.intent?.idempotencyKey !== formerKey) return standing
    this.#records.delete(reference)
    return intent === undefined ? undefined : await this.beginCustomer(reference, intent)
  }

  async settleCustomer(reference: string, customerId: string): Promise<string> {
    const standing = this.#records.get(reference)?.customerId ?? customerId
    this.#records.set(reference, { reference, customerId: standing, intent: undefined })
    return standing
  }

  async replaceCustomer(
    reference: string,
    formerId: string | undefined,
    customerId: string | undefined,
  ): Promise<CustomerRecord | undefined> {
    const standing = this.#records.get(reference)
    if (standing?.customerId !== formerId) return standing
    if (customerId === undefined) {
      if (formerId !== undefined) this.#records.delete(reference)
      return this.#records.get(reference)
    }
    if (this.owner(customerId) !== undefined) return standing
    const record = { reference, customerId, intent: undefined }
    this.#records.set(reference, record)
    return record
  }
}
