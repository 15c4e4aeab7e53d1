import type { TokenCipher } from '../stores/token-cipher.ts'

/**
 * A cipher that hides nothing, for tests: it only checks that what it opens was sealed under the same
 * reference.
 */
export function plainCipher(): TokenCipher {
  return {
    seal: (reference, plaintext) => JSON.stringify([reference, plaintext]),
    open(reference, sealed) {
      const [sealedFor, plaintext] = JSON.parse(sealed) as [string, string]
      if (sealedFor === reference) return plaintext
      throw new Error('This was sealed under another reference')
    },
  }
}
