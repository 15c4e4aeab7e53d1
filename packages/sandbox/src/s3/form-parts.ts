import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { Dicer } from '@fastify/busboy'
import { S3Error } from './errors.ts'

/** What stands above a part, by lower-case name; one character a byte. */
export type PartHead = Readonly<Record<string, readonly string[] | undefined>>

/** A part of a form, as far as it has come in. */
export interface FormPart {
  head: PartHead | undefined
  ended: boolean
  readonly stream: Readable
}

/** All that comes before the file may take 20 kB: it is kept in memory. */
const maxBytesBeforeFile = 20 * 1_024

/** So much is parsed at a time before the file, so that the bound above is kept to the kilobyte. */
const stepBytes = 1_024

/** What has come of a part is read before more is parsed, so no part ever has to hold up the form. */
const neverPaused = { partHwm: Number.MAX_SAFE_INTEGER }

export function malformed(): S3Error {
  return new S3Error('MalformedPOSTRequest')
}

/**
 * The parts of a form (RFC 2046, 5.1), one after the other. More of the source is read only when what came
 * before is used up, and is parsed at once: no more than a chunk of a part is ever kept.
 */
export class FormParts {
  readonly #source: AsyncIterator<Buffer>
  readonly #dicer: Dicer
  readonly #finished: Promise<unknown>
  readonly #parts: FormPart[] = []
  #last: Pick<FormPart, 'ended'> = { ended: false }
  #chunk: Buffer = Buffer.alloc(0)
  #left = maxBytesBeforeFile

  constructor(source: AsyncIterator<Buffer>, boundary: string) {
    this.#source = source
    this.#dicer = new Dicer({ boundary, ...neverPaused })
    this.#finished = once(this.#dicer, 'finish')
    // Each is asked for when the source has ended; until then neither must end the process.
    this.#finished.catch(() => undefined)
    this.#dicer.on('error', () => undefined)
    this.#dicer.on('part', (stream) => this.#begin(stream))
  }

  /** The next part, with its head; `undefined` after the last one. */
  async next(): Promise<FormPart | undefined> {
    for (;;) {
      const [part] = this.#parts
      if (part?.head !== undefined) return this.#parts.shift()
      if (await this.#readMore()) continue
      // A part whose head never came to its end.
      if (part !== undefined) throw malformed()
      return undefined
    }
  }

  /** The bytes of a part, as they come. Throws when the form breaks off before the part has ended. */
  async *body(part: FormPart): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const bytes = part.stream.read() as Buffer | null
      if (bytes !== null) yield bytes
      else if (part.ended || !(await this.#readMore())) return
    }
  }

  /** The bytes of the file, of which there may be any number. */
  file(part: FormPart): AsyncIterable<Buffer> {
    this.#left = Infinity
    return this.body(part)
  }

  #begin(stream: Readable): void {
    const part: FormPart = { head: undefined, ended: false, stream }
    this.#last.ended = true
    this.#last = part
    this.#parts.push(part)
    stream.on('header', (head: PartHead) => {
      part.head = head
    })
    // The form fails as well, when it breaks off in the middle of a part.
    stream.on('error', () => undefined)
  }

  /** Parses a little more; `false` when there is no more. */
  async #readMore(): Promise<boolean> {
    if (this.#chunk.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return await this.#end()
      this.#chunk = next.value
    }
    const step = this.#left === Infinity ? this.#chunk.length : stepBytes
    const bytes = this.#chunk.subarray(0, step)
    this.#chunk = this.#chunk.subarray(bytes.length)
    this.#left -= bytes.length
    if (this.#left < 0) throw new S3Error('MaxPostPreDataLengthExceeded')
    if (this.#dicer.writable) this.#dicer.write(bytes)
    return true
  }

  /** @throws S3Error `MalformedPOSTRequest` unless the form has come to its end */
  async #end(): Promise<false> {
    // A part that is not read must not keep the form from its end.
    for (const { stream } of this.#parts) stream.resume()
    this.#dicer.end()
    try {
      await this.#finished
    } catch {
      throw malformed()
    }
    return false
  }
}
