import { S3Error } from './errors.ts'

/** A form whose fields have been read and whose file is about to be. */
export interface FormUpload {
  /** By lower-case name, for S3 does not care about the case. */
  readonly fields: ReadonlyMap<string, string>
  readonly filename: string
  /** The file's bytes, once; throws when the form ends before the file does. */
  readonly file: AsyncIterable<Buffer>
}

/** The fields before the file may take 20 kB: they are kept in memory. */
const maxFieldBytes = 20 * 1_024

function malformed(): S3Error {
  return new S3Error('MalformedPOSTRequest')
}

/** Splits a stream at a delimiter, holding no more than one chunk and one delimiter. */
class DelimitedReader {
  readonly #source: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  #buffer: Buffer

  constructor(source: AsyncIterator<Buffer>, boundary: string) {
    this.#source = source
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    // The first delimiter has no line before it; pretend that it has.
    this.#buffer = Buffer.from('\r\n')
  }

  async #more(): Promise<void> {
    const next = await this.#source.next()
    if (next.done === true) throw malformed()
    this.#buffer = Buffer.concat([this.#buffer, next.value])
  }

  async #ahead(size: number): Promise<void> {
    while (this.#buffer.length < size) await this.#more()
  }

  /** Everything before the given bytes, which are consumed too. */
  async until(end: Buffer | 'delimiter', maxBytes: number): Promise<Buffer> {
    const mark = end === 'delimiter' ? this.#delimiter : end
    let at = this.#buffer.indexOf(mark)
    while (at === -1) {
      if (this.#buffer.length > maxBytes) throw new S3Error('MaxPostPreDataLengthExceeded')
      await this.#more()
      at = this.#buffer.indexOf(mark)
    }
    const found = this.#buffer.subarray(0, at)
    this.#buffer = this.#buffer.subarray(at + mark.length)
    return found
  }

  /** After a delimiter: does another part follow? */
  async hasPart(): Promise<boolean> {
    await this.#ahead(2)
    const next = this.#buffer.toString('latin1', 0, 2)
    if (next !== '\r\n' && next !== '--') throw malformed()
    this.#buffer = this.#buffer.subarray(2)
    return next === '\r\n'
  }

  /** The bytes of a part up to the next delimiter, as they come. */
  async *stream(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter)
      // The tail may be the beginning of a delimiter, so it waits for what follows.
      const safe = at === -1 ? this.#buffer.length - this.#delimiter.length + 1 : at
      if (safe > 0) yield this.#buffer.subarray(0, safe)
      this.#buffer = this.#buffer.subarray(Math.max(0, safe))
      if (at !== -1) return
      await this.#more()
    }
  }
}

function parseDisposition(head: string): { name: string; filename: string | undefined } {
  const line = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head)?.[1]
  const parameter = (name: string): string | undefined =>
    new RegExp(`(?:^|;)\\s*${name}="([^"]*)"`, 'i').exec(line ?? '')?.[1]
  const name = parameter('name')
  if (name === undefined) throw malformed()
  return { name: name.toLowerCase(), filename: parameter('filename') }
}

/**
 * Reads a browser's upload form (RFC 7578) up to its file.
 * @throws S3Error `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, `InvalidArgument`
 */
export async function readForm(
  source: AsyncIterator<Buffer>,
  contentType: string,
): Promise<FormUpload> {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw malformed()
  const reader = new DelimitedReader(source, boundary)
  const fields = new Map<string, string>()
  let left = maxFieldBytes
  await reader.until('delimiter', left)
  while (await reader.hasPart()) {
    const head = await reader.until(Buffer.from('\r\n\r\n'), left)
    const { name, filename } = parseDisposition(head.toString('utf8'))
    if (name === 'file') return { fields, filename: filename ?? '', file: reader.stream() }
    const value = await reader.until('delimiter', left)
    left -= head.length + value.length
    if (left < 0) throw new S3Error('MaxPostPreDataLengthExceeded')
    if (fields.has(name)) throw malformed()
    fields.set(name, value.toString('utf8'))
  }
  throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
    ArgumentValue: 0,
  })
}
