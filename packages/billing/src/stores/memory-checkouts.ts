import type { CheckoutClaim, CheckoutRecord, CheckoutSession } from './checkout-record.ts'

/** Checkouts in memory. */
export class MemoryCheckouts {
  readonly #records = new Map<string, CheckoutRecord>()

  async findCheckout(reference: string): Promise<CheckoutRecord | undefined> {
    return this.#records.get(reference)
  }

  async beginCheckout(reference: string, claim: CheckoutClaim): Promise<CheckoutRecord> {
    const standing = this.#records.get(reference)
    if (standing !== undefined) return standing
    const record = { reference, claim, session: undefined }
    this.#records.set(reference, record)
    return record
  }

  async settleCheckout(
    reference: string,
    key: string,
    session: CheckoutSession,
  ): Promise<CheckoutRecord | undefined> {
    const standing = this.#records.get(reference)
    if (standing?.claim.idempotencyKey === key && standing.session === undefined) {
      const claim = { ...standing.claim, parameters: '' }
      this.#records.set(reference, { reference, claim, session })
    }
    return this.#records.get(reference)
  }

  async replaceCheckout(
    reference: string,
    formerKey: string,
    claim: CheckoutClaim | undefined,
  ): Promise<CheckoutRecord | undefined> {
    const standing = this.#records.get(reference)
    if (standing?.claim.idempotencyKey !== formerKey) return standing
    this.#records.delete(reference)
    return claim === undefined ? undefined : await this.beginCheckout(reference, claim)
  }
}
