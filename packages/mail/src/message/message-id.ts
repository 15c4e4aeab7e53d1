import { expectText } from '@yuzuru/concurrency/boundary'
import { createHash, randomUUID } from 'node:crypto'

/** RFC 5322, 3.6.4: `<id-left@id-right>`, here of dot-atoms only. */
const MESSAGE_ID = /^<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.!#$%&'*+/=?^`{|}~-]+>$/

/** Hexadecimal digits of SHA-256 that are kept: 160 bits, and the header still fits a line. */
const HASH_LENGTH = 40

/**
 * The Message-ID of a message: the caller's own, or one that follows from its key, or a random one.
 * One key gives one Message-ID for ever, so a repeat after a crash is recognised as one.
 *
 * @throws {TypeError} when both are given, the key is empty, or the id is not of the form `<id@domain>`
 */
export function messageIdOf(
  ids: { readonly idempotencyKey?: string | undefined; readonly messageId?: string | undefined },
  domain: string,
): string {
  const { idempotencyKey, messageId } = ids
  if (messageId !== undefined) {
    if (idempotencyKey !== undefined) {
      throw new TypeError('Expected idempotencyKey or messageId, got both')
    }
    if (typeof messageId !== 'string' || !MESSAGE_ID.test(messageId)) {
      throw new TypeError('Expected messageId to look like "<id@domain>", got something else')
    }
    return messageId
  }
  if (idempotencyKey === undefined) return flat(`<${randomUUID()}@${domain}>`)
  expectText('idempotencyKey', idempotencyKey)
  const hash = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, HASH_LENGTH)
  return `<${hash}@${domain}>`
}

/** V8 holds a text that was put together as its pieces until it is read: an id as 20 of them. */
function flat(text: string): string {
  MESSAGE_ID.test(text)
  return text
}
