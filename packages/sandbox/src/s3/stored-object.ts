import type { Segment } from './blobs.ts'
import type { Checksum } from './checksums.ts'

/** Everything known about an object but its bytes: the content of its sidecar. */
export interface StoredObject {
  readonly key: string
  readonly size: number
  /** Without its quotes: an MD5, or for a multipart object `md5-N`. */
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
  /** Response headers that the client chose: content-type, x-amz-meta-… */
  readonly headers: Readonly<Record<string, string>>
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly checksum: Checksum
  readonly segments: readonly Segment[]
}
