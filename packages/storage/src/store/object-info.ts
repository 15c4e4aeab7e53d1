import type { Checksum } from './checksum.ts'

/** What is known of an object without reading it. */
export interface ObjectInfo {
  readonly key: string
  /** Its size in bytes. */
  readonly bytes: number
  /** Without quotes. Changes with every write; for `ifMatch`. */
  readonly etag: string
  readonly modifiedAt: Date | undefined
  readonly contentType: string | undefined
  readonly contentDisposition: string | undefined
  readonly cacheControl: string | undefined
  readonly contentEncoding: string | undefined
  /** By lower-case name. */
  readonly metadata: Readonly<Record<string, string>>
  readonly checksum: Checksum | undefined
  readonly versionId: string | undefined
  /** Whether the ETag of an object that was written in one piece is the MD5 of its bytes. */
  readonly etagIsMd5: boolean
}

/** What is stored beside the bytes. */
export interface ObjectAttributes {
  /** @default 'application/octet-stream' */
  readonly contentType?: string | undefined
  /** A complete header: see `contentDisposition`. */
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What must hold for a write to be done. */
export interface WriteConditions {
  /** `'*'`: only if there is no object yet. */
  readonly ifNoneMatch?: '*' | undefined
  /** Only if the object still has this ETag. */
  readonly ifMatch?: string | undefined
}

/** The attributes that a copy takes over, except tags. */
export function attributesOf(info: ObjectInfo): ObjectAttributes {
  const { contentType, contentDisposition, cacheControl, contentEncoding, metadata } = info
  return {
    metadata,
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentDisposition === undefined ? {} : { contentDisposition }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  }
}
