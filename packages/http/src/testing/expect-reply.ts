import { describeValue } from '@yuzuru/concurrency'
import { expected, expectOptions } from '@yuzuru/concurrency/boundary'

const WORDS = ['reset', 'drop', 'silence']
const FIELDS = ['status', 'headers', 'body', 'json', 'after']

/**
 * Checks a reply of a script, so that a typo does not become an empty 200.
 *
 * @throws {TypeError} unless it is an answer, a function or one of the words
 */
export function expectReply(reply: unknown): void {
  if (typeof reply === 'function' || WORDS.includes(reply as string)) return
  if (typeof reply !== 'object' || reply === null || Array.isArray(reply)) {
    const got = typeof reply === 'string' ? `'${reply}'` : describeValue(reply)
    throw new TypeError(
      `Expected a reply to be an answer, a function or one of '${WORDS.join("', '")}', got ${got}`,
    )
  }
  expectOptions(reply, FIELDS, 'script.reply')
  if (!('status' in reply) || reply.status === undefined) return
  const { status } = reply
  // What Node itself can send.
  if (Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 999) return
  throw expected('status to be a whole number from 100 to 999', status)
}
