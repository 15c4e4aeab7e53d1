import { createHash } from 'node:crypto'
import { sha256Hex } from './canonical.ts'
import { sameSignature } from './same-signature.ts'
import { S3Error } from './errors.ts'
import type { Authorization } from './signature.ts'

const minChunkBytes = 8_192
const maxLineBytes = 8_192
const emptyHash = sha256Hex('')

/** Reads lines and counted bytes from a stream of buffers without ever joining more than a line. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterator<Buffer>) {
    this.#source = source
  }

  async #more(): Promise<void> {
    const next = await this.#source.next()
    if (next.done === true) throw new S3Error('IncompleteBody')
    this.#buffer =
      this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
  }

  async line(): Promise<string> {
    let end = this.#buffer.indexOf('\r\n')
    while (end === -1) {
      if (this.#buffer.length > maxLineBytes) throw new S3Error('IncompleteBody')
      await this.#more()
      end = this.#buffer.indexOf('\r\n')
    }
    const line = this.#buffer.toString('latin1', 0, end)
    this.#buffer = this.#buffer.subarray(end + 2)
    return line
  }

  async *take(size: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = size; left > 0;) {
      if (this.#buffer.length === 0) await this.#more()
      const piece = this.#buffer.subarray(0, left)
      this.#buffer = this.#buffer.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  /** @throws S3Error `IncompleteBody` when anything is left. */
  async expectEnd(): Promise<void> {
    const next = this.#buffer.length === 0 ? await this.#source.next() : { done: false }
    if (next.done !== true) throw new S3Error('IncompleteBody')
  }
}

function parseChunkHeader(line: string, signed: boolean): { size: number; signature: string } {
  const match = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
  const signature = match?.[2] ?? ''
  if (!match || signed !== (signature !== '')) throw new S3Error('IncompleteBody')
  return { size: Number.parseInt(match[1]!, 16), signature }
}

/**
 * Decodes `Content-Encoding: aws-chunked` in its three forms: signed chunks, signed chunks with a
 * signed trailer, unsigned chunks with a trailer. Every chunk is verified before the next is read.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class ChunkedBody {
  readonly #reader: ByteReader
  readonly #authorization: Authorization
  readonly #signed: boolean
  readonly #trailing: boolean
  #previous: string
  /** Filled once the body has been read to its end. */
  readonly trailers: Map<string, string> = new Map()

  constructor(source: AsyncIterator<Buffer>, authorization: Authorization) {
    this.#reader = new ByteReader(source)
    this.#authorization = authorization
    this.#signed = authorization.payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-')
    this.#trailing = authorization.payloadHash.endsWith('-TRAILER')
    this.#previous = authorization.signature
  }

  #verify(kind: 'PAYLOAD' | 'TRAILER', hashes: readonly string[], given: string): void {
    const { key, timestamp } = this.#authorization
    const head = [`AWS4-HMAC-SHA256-${kind}`, timestamp, key.scope, this.#previous]
    if (!sameSignature(key.sign([...head, ...hashes].join('\n')), given)) {
      throw new S3Error('SignatureDoesNotMatch')
    }
    this.#previous = given
  }

  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (let number = 1, small = 0; ; number += 1) {
      const { size, signature } = parseChunkHeader(await this.#reader.line(), this.#signed)
      if (size > 0 && small > 0) {
        const details = { Chunk: number - 1, BadChunkSize: small }
        throw new S3Error('InvalidChunkSizeError', undefined, details)
      }
      if (size < minChunkBytes) small = size
      const hash = this.#signed ? createHash('sha256') : undefined
      for await (const piece of this.#reader.take(size)) {
        hash?.update(piece)
        yield piece
      }
      if (hash) this.#verify('PAYLOAD', [emptyHash, hash.digest('hex')], signature)
      if (size === 0) break
      if ((await this.#reader.line()) !== '') throw new S3Error('IncompleteBody')
    }
    await this.#readTrailers()
    await this.#reader.expectEnd()
  }

  async #readTrailers(): Promise<void> {
    let canonical = ''
    for (;;) {
      const line = await this.#reader.line()
      if (line === '') break
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon)).toLowerCase()
      const value = line.slice(colon + 1).trim()
      if (
        !/^[a-z0-9-]+$/.test(name) ||
        !this.#trailing ||
        this.trailers.has(name) ||
        this.trailers.size > 8
      ) {
        throw new S3Error('MalformedTrailerError')
      }
      this.trailers.set(name, value)
      if (name !== 'x-amz-trailer-signature') canonical += `${name}:${value}\n`
    }
    if (!this.#signed || !this.#trailing) return
    const given = this.trailers.get('x-amz-trailer-signature') ?? ''
    this.#verify('TRAILER', [sha256Hex(canonical)], given)
  }
}
