import { Redaction } from '@yuzuru/concurrency/boundary'

/** How much of a store's text is shown, in characters. */
const MAX_SHOWN = 1_024
/**
 * How much of it is read: more than is shown, so that a secret at the end of the shown part is recognised.
 */
const READ_LENGTH = 16_384

const redaction = new Redaction()

/** A sentence of a store, shortened, and without anything that looks like a secret. */
export function shownSentence(said: string): string {
  const isCut = said.length > READ_LENGTH
  return redaction.text(said.slice(0, READ_LENGTH), isCut).slice(0, MAX_SHOWN)
}

/** A code of S3, such as `NoSuchKey`; `undefined` for any other text. */
export function codeName(said: string | undefined): string | undefined {
  return said !== undefined && /^[A-Za-z][\w.]{0,63}$/.test(said) ? said : undefined
}

/**
 * The id of a request: letters, digits and the other characters of base64; `undefined` for any other text.
 */
export function requestIdOf(said: string | undefined): string | undefined {
  return said !== undefined && /^[\w+/=.:-]{1,200}$/.test(said) ? said : undefined
}

/** The store answered with something that cannot be read. The answer itself is not shown. */
export class UnreadableAnswer extends Error {
  constructor() {
    super('the store gave an answer that cannot be read; check "endpoint" and proxies before it')
  }
}

/** Returns what `read` returns. @throws {UnreadableAnswer} when `read` throws */
export function readable<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw new UnreadableAnswer()
  }
}
