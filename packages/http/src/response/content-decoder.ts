import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import type { RawHeaders } from './http-headers.ts'

/** What `decompress` asks for. */
export const ACCEPTED_ENCODINGS = 'gzip, br, zstd, deflate'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  br: zlib.createBrotliDecompress,
  deflate: zlib.createInflate,
  // The largest window that a sender may ask for (RFC 9659, 3).
  zstd: () => zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } }),
}

/** More encodings than this serve only to make a receiver work. */
const MOST_ENCODINGS = 3

/** Hears what comes out of a {@link ContentDecoder}. */
export interface DecoderOutput {
  /** Bytes have come out. */
  decoded(chunk: Uint8Array): void
  /** All has come out. */
  decodedAll(): void
  /** What went in is not in its encoding, or not all of it. */
  undecodable(error: Error): void
  /** There is room for more. */
  drained(): void
}

/** Makes of the bytes on the wire those that were meant (RFC 9110, 8.4). */
export class ContentDecoder {
  readonly #first: Transform
  readonly #last: Transform
  readonly #all: readonly Transform[]

  private constructor(all: readonly Transform[], first: Transform, output: DecoderOutput) {
    this.#all = all
    this.#first = first
    this.#last = all.reduce((from, to) => from.pipe(to))
    first.on('drain', () => output.drained())
    for (const each of all) each.on('error', (error: Error) => output.undecodable(error))
    this.#last.on('data', (chunk: Uint8Array) => output.decoded(chunk))
    this.#last.on('end', () => output.decodedAll())
  }

  /** `undefined`: the body is not encoded, or in a way that is left to the reader. */
  static for(headers: RawHeaders, output: DecoderOutput): ContentDecoder | undefined {
    const encodings = encodingsOf(headers)
    if (encodings.length > MOST_ENCODINGS) return undefined
    const makers = encodings.map((name) =>
      Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined,
    )
    // The one that was applied last comes off first.
    const all = makers.toReversed().flatMap((make) => (make === undefined ? [] : [make()]))
    const [first] = all
    if (first === undefined || all.length < encodings.length) return undefined
    return new ContentDecoder(all, first, output)
  }

  /** `false`: it has enough until `drained`. */
  write(chunk: Uint8Array): boolean {
    return this.#first.write(chunk)
  }

  end(): void {
    this.#first.end()
  }

  /** Lets nothing out for now. */
  pause(): void {
    this.#last.pause()
  }

  resume(): void {
    this.#last.resume()
  }

  destroy(): void {
    for (const each of this.#all) each.on('error', () => undefined).destroy()
  }
}

/** The headers of a body that is no longer encoded. */
export function withoutEncoding(headers: RawHeaders): RawHeaders {
  const { 'content-encoding': _encoding, 'content-length': _length, ...rest } = headers
  return rest
}

function encodingsOf(headers: RawHeaders): readonly string[] {
  const value = headers['content-encoding']
  const names = (typeof value === 'string' ? value : (value ?? []).join(','))
    .toLowerCase()
    .split(',')
  return names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity')
}
