import { type CalendarTokens, tokensFromText, tokensToText } from './account-tokens.ts'
import type { PendingConsent } from './calendar-store.ts'
import type { TokenCipher } from './token-cipher.ts'

/** Seals what a store keeps of one account, and opens it again. */
export class SealedRows {
  readonly #cipher: TokenCipher

  constructor(cipher: TokenCipher) {
    this.#cipher = cipher
  }

  async sealTokens(reference: string, tokens: CalendarTokens): Promise<string> {
    return await this.#cipher.seal(reference, tokensToText(tokens))
  }

  async openTokens(reference: string, sealed: string): Promise<CalendarTokens> {
    return tokensFromText(await this.#cipher.open(reference, sealed))
  }

  /** The verifier alone: without it a stolen code cannot be redeemed. */
  async sealPending({ reference, verifier, scopes }: PendingConsent): Promise<string> {
    return await this.#cipher.seal(reference, JSON.stringify({ verifier, scopes }))
  }

  async openPending(reference: string, sealed: string): Promise<PendingConsent> {
    const text = await this.#cipher.open(reference, sealed)
    const { verifier, scopes } = JSON.parse(text) as Omit<PendingConsent, 'reference'>
    return { reference, verifier, scopes }
  }
}
