import { violation } from './protocol-error.ts'

/*
 * The structure of the server's messages. pg would read beyond the end of a message whose content claims to
 * be longer than it is, and on some (an ErrorResponse without an end) it would loop for ever.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Walks over the content of one message, and throws if it ends too early. */
class Walk {
  readonly #data: Buffer
  readonly #end: number
  #at: number

  constructor(data: Buffer, start: number, end: number) {
    this.#data = data
    this.#at = start
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  byte(): number {
    return this.#data[this.skip(1)] ?? 0
  }

  int16(): number {
    return this.#data.readInt16BE(this.skip(2))
  }

  uint16(): number {
    return this.#data.readUInt16BE(this.skip(2))
  }

  int32(): number {
    return this.#data.readInt32BE(this.skip(4))
  }

  /** Skips bytes, and returns where they began. */
  skip(bytes: number): number {
    const at = this.#at
    if (bytes < 0 || bytes > this.#end - at) throw violation('a message says more than it holds')
    this.#at = at + bytes
    return at
  }

  /** Skips text, and returns its length. */
  text(): number {
    const at = this.#at
    const end = this.#data.indexOf(0, at)
    if (end < 0 || end >= this.#end) throw violation('a text without an end')
    this.#at = end + 1
    return end - at
  }
}

type Check = (walk: Walk) => void

const nothing: Check = () => undefined
const text: Check = (walk) => void walk.text()

const twoTexts: Check = (walk) => {
  walk.text()
  walk.text()
}

const notification: Check = (walk) => {
  walk.skip(4)
  twoTexts(walk)
}

const ready: Check = (walk) => {
  if (!'ITE'.includes(String.fromCharCode(walk.byte()))) {
    throw violation('a state of a transaction that there is not')
  }
}

/** The fields of an ErrorResponse or a NoticeResponse: each has a letter and a text; a zero ends them. */
const fields: Check = (walk) => {
  while (walk.byte() !== 0) walk.text()
}

const columns: Check = (walk) => {
  const count = walk.int16()
  if (count < 0) throw violation('fewer than no columns')
  for (let at = 0; at < count; at += 1) {
    walk.text()
    walk.skip(18)
  }
}

const row: Check = (walk) => {
  const count = walk.int16()
  if (count < 0) throw violation('fewer than no values')
  for (let at = 0; at < count; at += 1) {
    const length = walk.int32()
    if (length !== -1) walk.skip(length)
  }
}

const copyFormat: Check = (walk) => {
  if (walk.byte() > 1) throw violation('a format that there is not')
  walk.skip(2 * walk.uint16())
}

const AUTHENTICATION_SASL = 10

const authentication: Check = (walk) => {
  const kind = walk.int32()
  if (kind === 5) walk.skip(4)
  else if (kind === AUTHENTICATION_SASL) while (walk.text() > 0);
  // pg parses the content of SCRAM messages, and knows where it ends.
  else if (kind === 11 || kind === 12) while (!walk.isAtEnd) walk.byte()
  else if (kind !== 0 && kind !== 3) throw violation('an authentication that pg does not know')
}

const CHECKS: ReadonlyMap<number, Check> = new Map(
  Object.entries<Check>({
    1: nothing,
    2: nothing,
    3: nothing,
    A: notification,
    C: text,
    D: row,
    E: fields,
    G: copyFormat,
    H: copyFormat,
    I: nothing,
    K: (walk) => void walk.skip(8),
    N: fields,
    R: authentication,
    S: twoTexts,
    T: columns,
    Z: ready,
    c: nothing,
    n: nothing,
    s: nothing,
    t: (walk) => void walk.skip(4 * walk.uint16()),
  }).map(([letter, check]) => [letter.charCodeAt(0), check]),
)

/** Whether there is a message of this kind, by its letter. */
export function isKnownKind(kind: number): boolean {
  return kind === COPY_DATA || CHECKS.has(kind)
}

/** Of any bytes. */
const COPY_DATA = 0x64

/**
 * Checks what one message holds, after its kind and length.
 *
 * @throws {ProtocolError} unless it is exactly what a message of its kind consists of
 */
export function checkContent(kind: number, data: Buffer, start: number, end: number): void {
  if (kind === COPY_DATA) return
  const walk = new Walk(data, start, end)
  CHECKS.get(kind)?.(walk)
  if (!walk.isAtEnd) throw violation('a message holds more than it says')
}
