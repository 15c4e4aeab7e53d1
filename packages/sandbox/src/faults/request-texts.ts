/** Numbers in the place of a protocol version, by which a PostgreSQL client asks for something else first. */
const SSL_REQUEST = 80_877_103
const GSSENC_REQUEST = 80_877_104
/** What PostgreSQL itself takes for the longest first message (MAX_STARTUP_PACKET_LENGTH). */
const LONGEST_STARTUP = 10_000

const QUERY = 'Q'.charCodeAt(0)
const PARSE = 'P'.charCodeAt(0)
const NOTHING = Buffer.alloc(0)

/**
 * Finds in what a client sends the text that distinguishes one request from another. Of PostgreSQL that is the
 * SQL of Query and Parse, with the zero that ends it: not the name of a statement, a parameter, or COPY's
 * data. Of any other protocol, or under TLS, it is all bytes.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class RequestTexts {
  #phase: 'startup' | 'messages' | 'foreign' = 'startup'
  /** The beginning of a message whose length is not yet known. */
  #head: Buffer = NOTHING
  /** How much of the message is to come. */
  #left = 0
  #part: 'name' | 'text' | 'rest' = 'rest'

  /** The texts in this chunk, which may begin or end in the middle of one. */
  read(chunk: Buffer): readonly Buffer[] {
    const texts: Buffer[] = []
    let at = 0
    while (at < chunk.length && this.#phase !== 'foreign') {
      if (this.#left > 0) {
        const body = chunk.subarray(at, at + this.#left)
        this.#left -= body.length
        at += body.length
        texts.push(this.#textOf(body))
        continue
      }
      const size = this.#phase === 'startup' ? 8 : 5
      const more = chunk.subarray(at, at + size - this.#head.length)
      this.#head = Buffer.concat([this.#head, more])
      at += more.length
      // Until eight bytes have come, it may be anything.
      if (this.#head.length < size) return this.#phase === 'startup' ? [chunk] : texts
      if (this.#phase === 'startup') this.#beginStartup(this.#head)
      else this.#beginMessage(this.#head)
      this.#head = NOTHING
    }
    return this.#phase === 'foreign' ? [chunk] : texts
  }

  #beginStartup(head: Buffer): void {
    const length = head.readUInt32BE(0)
    const code = head.readUInt32BE(4)
    if (length === 8 && (code === SSL_REQUEST || code === GSSENC_REQUEST)) return
    const isVersion3 = code >>> 16 === 3 && length > 8 && length <= LONGEST_STARTUP
    this.#phase = isVersion3 ? 'messages' : 'foreign'
    this.#left = length - 8
  }

  #beginMessage(head: Buffer): void {
    const [type] = head
    // The length counts itself.
    this.#left = head.readUInt32BE(1) - 4
    if (this.#left < 0) this.#phase = 'foreign'
    this.#part = type === QUERY ? 'text' : type === PARSE ? 'name' : 'rest'
  }

  #textOf(body: Buffer): Buffer {
    let from = 0
    if (this.#part === 'name') {
      const end = body.indexOf(0)
      if (end === -1) return NOTHING
      from = end + 1
      this.#part = 'text'
    }
    if (this.#part === 'rest') return NOTHING
    const end = body.indexOf(0, from)
    if (end === -1) return body.subarray(from)
    this.#part = 'rest'
    return body.subarray(from, end + 1)
  }
}
