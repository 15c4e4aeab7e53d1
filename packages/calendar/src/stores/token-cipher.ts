import { expected } from '@yuzuru/concurrency/boundary'

/**
 * Encrypts what a store keeps. `reference` is to be bound to the ciphertext (as the additional data of
 * an AEAD), so that it does not open in another account's row. The `encryption` of `@yuzuru/db` does it.
 *
 * @example
 * const column = encryption({ keys, current: 'k1' }).encryptedText('yuzuru_calendar', 'sealed')
 * const cipher: TokenCipher = column // seal(reference, plaintext), open(reference, sealed)
 */
export interface TokenCipher {
  /** Encrypts `plaintext` for this reference. */
  seal(reference: string, plaintext: string): string | Promise<string>
  /** @throws when it was not sealed under this very reference */
  open(reference: string, sealed: string): string | Promise<string>
}

/** Throws unless `cipher` can seal and open: tokens are never kept in the clear by mistake. */
export function expectCipher(cipher: TokenCipher): void {
  if (typeof cipher?.seal === 'function' && typeof cipher.open === 'function') return
  throw expected('cipher to have functions seal and open', cipher)
}
