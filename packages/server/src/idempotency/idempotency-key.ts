/** The longest key that is taken, in characters. Stripe's limit. */
export const MAX_KEY_LENGTH = 255

/** `sf-string` of RFC 8941, 3.3.3, which draft-ietf-httpapi-idempotency-key-header-07, 2.1, asks for. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/

/** What most clients send, Stripe's among them: printable, without what would end an item of a list. */
const BARE = /^[!#-+\--:<-[\]-~]+$/

/** Why a key is not taken. */
export type KeyFault = 'missing' | 'malformed'

/**
 * Reads the header `Idempotency-Key`: a String of RFC 8941 as the draft has it (`"8e03978e"`), or the same
 * without quotes. Both spellings are one key. Parameters, and two keys in one request, are malformed.
 *
 * @returns the key, of 1 to 255 characters, or why there is none
 */
export function readIdempotencyKey(
  header: string | null,
): { readonly key: string } | { readonly fault: KeyFault } {
  if (header === null) return { fault: 'missing' }
  // Before it is matched: a key of a megabyte is not worth the time.
  if (header.length > 2 * MAX_KEY_LENGTH + 2) return { fault: 'malformed' }
  const quoted = QUOTED.exec(header)?.[1]
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? (BARE.test(header) ? header : '')
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) return { fault: 'malformed' }
  return { key }
}
