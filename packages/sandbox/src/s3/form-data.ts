import { S3Error } from './errors.ts'
import { FormParts, malformed, type PartHead } from './form-parts.ts'

/** A form whose fields have been read and whose file is about to be. */
export interface FormUpload {
  /** By lower-case name, for S3 does not care about the case. */
  readonly fields: ReadonlyMap<string, string>
  readonly filename: string
  /** The file's bytes, once; throws when the form ends before the file does. */
  readonly file: AsyncIterable<Buffer>
}

/**
 * Reads a browser's upload form (RFC 7578) up to its file.
 *
 * @throws S3Error `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, `InvalidArgument`
 */
export async function readForm(
  source: AsyncIterator<Buffer>,
  contentType: string,
): Promise<FormUpload> {
  const parts = new FormParts(source, boundaryOf(contentType))
  const fields = new Map<string, string>()
  for (;;) {
    const part = await parts.next()
    if (part === undefined) throw withoutFile()
    const { name, filename = '' } = dispositionOf(part.head ?? {})
    if (name === 'file') return { fields, filename, file: parts.file(part) }
    if (fields.has(name)) throw malformed()
    const value = await Array.fromAsync(parts.body(part))
    fields.set(name, Buffer.concat(value).toString('utf8'))
  }
}

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw malformed()
  return boundary
}

/** What browsers write above a part. Anything else is not known here, or was no header. */
const knownHeaders = new Set(['content-disposition', 'content-type', 'content-transfer-encoding'])

function dispositionOf(head: PartHead): { name: string; filename?: string | undefined } {
  if (!Object.keys(head).every((name) => knownHeaders.has(name))) throw malformed()
  const [line, ...others] = head['content-disposition'] ?? []
  const parameters = /^form-data\s*;(.*)$/is.exec(line ?? '')?.[1]
  const parameter = (name: string): string | undefined => {
    const value = new RegExp(`(?:^|;)\\s*${name}="([^"]*)"`, 'i').exec(parameters ?? '')?.[1]
    return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8')
  }
  const name = parameter('name')
  if (name === undefined || others.length > 0) throw malformed()
  return { name: name.toLowerCase(), filename: parameter('filename') }
}

function withoutFile(): S3Error {
  return new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
    ArgumentValue: 0,
  })
}
