import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { Checksum, ChecksumAlgorithm } from '../store/checksum.ts'
import { taggingOf } from './attribute-headers.ts'
import { decodeMetadata, encodeMetadata } from '../store/metadata-value.ts'
import type { Digest } from '../store/object-backend.ts'
import type { ObjectAttributes, ObjectInfo, WriteConditions } from '../store/object-info.ts'
import type { AnswerFields } from './s3-headers.ts'

interface ChecksumFields {
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumCRC32C?: string | undefined
  readonly ChecksumCRC64NVME?: string | undefined
  readonly ChecksumSHA256?: string | undefined
  readonly ChecksumType?: string | undefined
}

const READ_ORDER = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const

/** The checksum that an answer carries. */
export function checksumOf(output: ChecksumFields): Checksum | undefined {
  for (const algorithm of READ_ORDER) {
    const value = output[`Checksum${algorithm}`]
    if (value === undefined) continue
    const composite = output.ChecksumType === 'COMPOSITE' || value.includes('-')
    return { algorithm, value, type: composite ? 'COMPOSITE' : 'FULL_OBJECT' }
  }
  return undefined
}

/** The checksum fields that are sent with a body. */
export function digestFields({ algorithm, value }: Digest): Record<string, string> {
  return algorithm === 'MD5' ? { ContentMD5: value } : { [`Checksum${algorithm}`]: value }
}

/** The checksum fields that begin a multipart upload, so that the checksums of its parts count. */
export function uploadChecksumFields(algorithm: ChecksumAlgorithm): {
  ChecksumAlgorithm?: Exclude<ChecksumAlgorithm, 'MD5'>
  ChecksumType?: 'FULL_OBJECT' | 'COMPOSITE'
} {
  if (algorithm === 'MD5') return {}
  const type = algorithm === 'SHA256' ? 'COMPOSITE' : 'FULL_OBJECT'
  return { ChecksumAlgorithm: algorithm, ChecksumType: type }
}

export function attributeFields(attributes: ObjectAttributes): {
  ContentType?: string
  ContentDisposition?: string
  CacheControl?: string
  ContentEncoding?: string
  Metadata?: Record<string, string>
  Tagging?: string
} {
  const { contentType, contentDisposition, cacheControl, contentEncoding } = attributes
  const { metadata, tags } = attributes
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(metadata === undefined ? {} : { Metadata: mapped(metadata, encodeMetadata) }),
    ...(tags === undefined ? {} : { Tagging: taggingOf(tags) }),
  }
}

export function conditionFields(
  conditions: WriteConditions & { readonly bareEtag?: boolean | undefined },
): {
  IfMatch?: string
  IfNoneMatch?: string
} {
  const { ifMatch, ifNoneMatch, bareEtag = false } = conditions
  const form = bareEtag ? unquoted : quoted
  return {
    ...(ifMatch === undefined ? {} : { IfMatch: form(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch }),
  }
}

/** @param bytes the size of the whole object where the answer is about a part of it */
export function infoOf(
  key: string,
  output: HeadObjectCommandOutput | GetObjectCommandOutput | AnswerFields,
  bytes: number,
): ObjectInfo {
  const { ServerSideEncryption: encryption, SSECustomerAlgorithm: customerKey } = output
  const etag = unquoted(output.ETag)
  const plain = encryption === undefined || encryption === 'AES256'
  return {
    key,
    bytes,
    etag,
    modifiedAt: output.LastModified,
    contentType: output.ContentType,
    contentDisposition: output.ContentDisposition,
    cacheControl: output.CacheControl,
    contentEncoding: output.ContentEncoding,
    metadata: mapped(output.Metadata ?? {}, decodeMetadata),
    checksum: checksumOf(output),
    versionId: output.VersionId,
    etagIsMd5: plain && customerKey === undefined && /^[0-9a-f]{32}$/.test(etag),
  }
}

export function quoted(etag: string): string {
  return etag.startsWith('"') || etag.startsWith('W/') ? etag : `"${etag}"`
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function mapped(
  values: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
