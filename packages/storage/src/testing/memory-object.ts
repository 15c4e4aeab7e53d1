import type { Checksum } from '../store/checksum.ts'
import type { ObjectAttributes, ObjectInfo, WriteConditions } from '../store/object-info.ts'

/** An object in memory. */
export interface MemoryObject {
  readonly info: ObjectInfo
  readonly body: Uint8Array
  readonly tags: Readonly<Record<string, string>>
}

/** What an object is made of. */
export interface NewObject {
  readonly body: Uint8Array
  readonly etag: string
  readonly checksum: Checksum | undefined
  readonly attributes: ObjectAttributes
  readonly conditions: WriteConditions
}

/** Makes an object, with the defaults of S3. */
export function memoryObject(
  key: string,
  { body, etag, checksum, attributes }: NewObject,
): MemoryObject {
  const info: ObjectInfo = {
    key,
    bytes: body.byteLength,
    etag,
    modifiedAt: new Date(),
    contentType: attributes.contentType ?? 'application/octet-stream',
    contentDisposition: attributes.contentDisposition,
    cacheControl: attributes.cacheControl,
    contentEncoding: attributes.contentEncoding,
    metadata: lowerCased(attributes.metadata ?? {}),
    checksum,
    versionId: undefined,
    etagIsMd5: !etag.includes('-'),
  }
  return { info, body: Uint8Array.from(body), tags: attributes.tags ?? {} }
}

function lowerCased(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]),
  )
}
