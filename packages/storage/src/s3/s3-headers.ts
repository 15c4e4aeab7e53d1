/** The headers of S3's API, by the names that the SDK has for them. */
const NAMES: Readonly<Record<string, string>> = {
  CacheControl: 'cache-control',
  ChecksumCRC32: 'x-amz-checksum-crc32',
  ChecksumCRC32C: 'x-amz-checksum-crc32c',
  ChecksumCRC64NVME: 'x-amz-checksum-crc64nvme',
  ChecksumSHA256: 'x-amz-checksum-sha256',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentMD5: 'content-md5',
  ContentType: 'content-type',
  IfMatch: 'if-match',
  IfNoneMatch: 'if-none-match',
  Range: 'range',
  Tagging: 'x-amz-tagging',
}

const METADATA = 'x-amz-meta-'

/** The headers of an answer to PUT or GET that are used, by the SDK's names. */
export interface AnswerFields {
  readonly ETag: string | undefined
  readonly VersionId: string | undefined
  readonly ChecksumCRC32: string | undefined
  readonly ChecksumCRC32C: string | undefined
  readonly ChecksumCRC64NVME: string | undefined
  readonly ChecksumSHA256: string | undefined
  readonly ChecksumType: string | undefined
  readonly LastModified: Date | undefined
  readonly ContentType: string | undefined
  readonly ContentDisposition: string | undefined
  readonly CacheControl: string | undefined
  readonly ContentEncoding: string | undefined
  readonly ServerSideEncryption: string | undefined
  readonly SSECustomerAlgorithm: string | undefined
  readonly Metadata: Record<string, string>
}

/** The headers of a request, from the fields of the SDK. */
export function headersOf(fields: object): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [field, value] of Object.entries(fields) as [string, unknown][]) {
    if (field === 'Metadata') {
      for (const [name, text] of Object.entries(value as Record<string, string>)) {
        headers[METADATA + name.toLowerCase()] = text
      }
      continue
    }
    const name = NAMES[field]
    if (name === undefined) throw new Error(`there is no header for "${field}"`)
    headers[name] = String(value)
  }
  return headers
}

/** @param headers by lower-case name */
export function fieldsOf(headers: Readonly<Record<string, string>>): AnswerFields {
  const modified = Date.parse(headers['last-modified'] ?? '')
  return {
    ETag: headers['etag'],
    VersionId: headers['x-amz-version-id'],
    ChecksumCRC32: headers['x-amz-checksum-crc32'],
    ChecksumCRC32C: headers['x-amz-checksum-crc32c'],
    ChecksumCRC64NVME: headers['x-amz-checksum-crc64nvme'],
    ChecksumSHA256: headers['x-amz-checksum-sha256'],
    ChecksumType: headers['x-amz-checksum-type'],
    LastModified: Number.isNaN(modified) ? undefined : new Date(modified),
    ContentType: headers['content-type'],
    ContentDisposition: headers['content-disposition'],
    CacheControl: headers['cache-control'],
    ContentEncoding: headers['content-encoding'],
    ServerSideEncryption: headers['x-amz-server-side-encryption'],
    SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
    Metadata: metadataOf(headers),
  }
}

function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    if (name.startsWith(METADATA)) metadata[name.slice(METADATA.length)] = headers[name] ?? ''
  }
  return metadata
}
