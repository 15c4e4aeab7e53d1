import type { IncomingMessage } from 'node:http'
import { expectOwnAcl } from './acl.ts'
import { checksumHeader } from './checksums.ts'
import { invalidArgument, S3Error } from './errors.ts'
import { httpTime } from './reply.ts'
import { header, type S3Request } from './request.ts'
import type { StoredObject } from './stored-object.ts'

const storedNames = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]
const maxMetadataBytes = 2_048

/** Headers that would change what the server does, and that it does not do. */
const refused =
  /^x-amz-(?:grant-|object-lock-|server-side-encryption-|copy-source-server-side-encryption-|website-redirect-location$|write-offset-bytes$)/

/** @throws S3Error `NotImplemented` rather than to ignore what the client asked for. */
function refuseUnsupported(message: IncomingMessage): void {
  const name = Object.keys(message.headersDistinct).find((candidate) => refused.test(candidate))
  if (name !== undefined) throw new S3Error('NotImplemented', undefined, { Header: name })
  const expected = [
    ['x-amz-server-side-encryption', 'AES256'],
    ['x-amz-storage-class', 'STANDARD'],
  ] as const
  for (const [only, value] of expected) {
    if ((header(message, only) ?? value) !== value) {
      throw new S3Error('NotImplemented', undefined, { Header: only })
    }
  }
  expectOwnAcl(message)
}

/** `gzip,aws-chunked` to `gzip`: the latter is a matter of the transfer, not of the object. */
function withoutChunked(encoding: string): string {
  const kept = encoding.split(',').map((part) => part.trim())
  return kept.filter((part) => part !== 'aws-chunked' && part !== '').join(',')
}

/**
 * Chooses among named values those that an object keeps.
 * @throws S3Error `MetadataTooLarge` above 2 kB of `x-amz-meta-*`
 */
export function selectStored(
  values: Iterable<readonly [name: string, value: string]>,
): Record<string, string> {
  const stored: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  let metadataBytes = 0
  for (const [name, value] of values) {
    const isMetadata = name.startsWith('x-amz-meta-')
    if (isMetadata) metadataBytes += name.length - 'x-amz-meta-'.length + value.length
    const kept = name === 'content-encoding' ? withoutChunked(value) : value
    if (isMetadata || (kept !== '' && storedNames.includes(name))) stored[name] = kept
  }
  if (metadataBytes > maxMetadataBytes) {
    throw new S3Error('MetadataTooLarge', undefined, {
      Size: metadataBytes,
      MaxSizeAllowed: maxMetadataBytes,
    })
  }
  return stored
}

/** What an object keeps of the request that wrote it. */
export function storedHeaders(message: IncomingMessage): Record<string, string> {
  refuseUnsupported(message)
  const names = Object.keys(message.headersDistinct)
  return selectStored(names.map((name) => [name, header(message, name) ?? ''] as const))
}

/** The headers that every answer about a stored object carries. */
export function writtenHeaders(object: StoredObject): Record<string, string> {
  return {
    etag: `"${object.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(object.checksum.algorithm)]: object.checksum.value,
    'x-amz-checksum-type': object.checksum.type,
  }
}

function printable(value: string): string {
  // Node hands over and takes header values as Latin-1; S3 returns anything beyond ASCII encoded.
  return /^[\t\x20-\x7E]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value, 'latin1').toString('base64')}?=`
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Overriding response header values" */
function overrides(request: S3Request): Record<string, string> {
  const result: Record<string, string> = {}
  for (const name of storedNames) {
    const value = request.query.get(`response-${name}`)
    if (value === undefined) continue
    if (!/^[\t\x20-\x7E\u00A0-\u00FF]*$/.test(value)) {
      throw invalidArgument(
        'Header value cannot be represented using ISO-8859-1.',
        `response-${name}`,
        value,
      )
    }
    result[name] = value
  }
  return result
}

/** The headers of GET and HEAD, without those that depend on the range. */
export function readHeaders(request: S3Request, object: StoredObject): Record<string, string> {
  const kept = Object.entries(object.headers).map(([name, value]) => [
    name,
    name.startsWith('x-amz-meta-') ? printable(value) : value,
  ])
  return {
    'accept-ranges': 'bytes',
    'last-modified': httpTime(object.modifiedAt),
    etag: `"${object.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    ...(object.tags.length > 0 ? { 'x-amz-tagging-count': String(object.tags.length) } : {}),
    ...Object.fromEntries(kept),
    ...overrides(request),
  }
}
