import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bucket } from './bucket.ts'
import type { Cors } from './cors.ts'
import type { Keyring } from './credential.ts'
import type { S3Request } from './request.ts'
import type { Authorization } from './signature.ts'
import type { Store } from './store.ts'

/** What every request shares. */
export interface Surroundings {
  readonly store: Store
  readonly keyring: Keyring
  readonly minPartSizeBytes: number
  readonly cors: Cors
  /** Where the buckets are, if not here. */
  readonly bucketRegion: () => string | undefined
}

/** A request on its way: its target, its sender, and where the answer is written. */
export interface Context extends Surroundings {
  readonly request: S3Request
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly authorization: Authorization
}

/** A context of an operation on a bucket that exists. */
export interface BucketContext extends Context {
  readonly bucket: Bucket
}

export type Handler = (context: Context) => Promise<void>
export type BucketHandler = (context: BucketContext) => Promise<void>
