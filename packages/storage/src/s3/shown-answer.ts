import { Redaction } from '@yuzuru/concurrency/boundary'

/** The most that is shown of what a store says, in characters. */
const MAX_SHOWN = 1_024
/** How much of it is read: a secret that begins in what is shown is seen whole. */
const READ_LENGTH = 16_384

const redaction = new Redaction()

/** A sentence of a store, without what looks like a secret, and not longer than can be read. */
export function shownSentence(said: string): string {
  const isCut = said.length > READ_LENGTH
  return redaction.text(said.slice(0, READ_LENGTH), isCut).slice(0, MAX_SHOWN)
}

/** A code of S3's, such as `NoSuchKey`; another text in its place is none. */
export function codeName(said: string | undefined): string | undefined {
  return said !== undefined && /^[A-Za-z][\w.]{0,63}$/.test(said) ? said : undefined
}

/** What a store calls a request: letters, digits and what base64 has beside them. */
export function requestIdOf(said: string | undefined): string | undefined {
  return said !== undefined && /^[\w+/=.:-]{1,200}$/.test(said) ? said : undefined
}

/** The store answered with something that cannot be read. What that was is not shown. */
export class UnreadableAnswer extends Error {
  constructor() {
    super('the store gave an answer that cannot be read; check "endpoint" and proxies before it')
  }
}

/** What `read` makes of an answer. @throws {UnreadableAnswer} when it cannot */
export function readable<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw new UnreadableAnswer()
  }
}
