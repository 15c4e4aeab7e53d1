import { createHash } from 'node:crypto'
import { Invalid } from '../web/invalid.ts'

/** The largest document, in bytes. */
export const MAX_DOCUMENT_BYTES: number = 50 * 1_024 * 1_024

const SIGNATURE = Buffer.from('%PDF-')

/** What passed through a {@link PdfBody}; complete once it has ended. */
export interface DocumentFigures {
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

/**
 * The stream of a PDF: counts, hashes and checks the bytes as they pass, so that nothing is held in memory.
 * It throws {@link Invalid} in mid-stream, which makes the upload clean up.
 */
export class PdfBody implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let head: Buffer | undefined = Buffer.alloc(0)
    for await (const chunk of this.#source) {
      this.#bytes += chunk.byteLength
      if (this.#bytes > MAX_DOCUMENT_BYTES) throw tooLarge()
      this.#hash.update(chunk)
      if (head !== undefined) {
        head = Buffer.concat([head, chunk.subarray(0, SIGNATURE.length)])
        if (head.length >= SIGNATURE.length) {
          if (!head.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw notPdf()
          head = undefined
        }
      }
      yield chunk
    }
    if (head !== undefined) throw notPdf()
  }

  /** Call once, after the end. */
  figures(): DocumentFigures {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

export function tooLarge(): Invalid {
  const megabytes = MAX_DOCUMENT_BYTES / 1_024 / 1_024
  return new Invalid(
    [
      {
        field: 'document',
        text: {
          ja: `ファイルは${megabytes} MBまでです。何も保存されていません`,
          en: `must be at most ${megabytes} MB; nothing was stored`,
        },
      },
    ],
    413,
  )
}

function notPdf(): Invalid {
  return new Invalid(
    [
      {
        field: 'document',
        text: {
          ja: 'PDFファイルを選んでください。何も保存されていません',
          en: 'must be a PDF; nothing was stored',
        },
      },
    ],
    415,
  )
}
