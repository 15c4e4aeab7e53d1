import { expected, expectInteger, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import type { S3Client } from '@aws-sdk/client-s3'
import type { HttpTimeouts } from '@yuzuru/http'
import type { CredentialSource } from './store/credentials.ts'
import { MAX_PART_BYTES, MIN_PART_BYTES } from './upload/part-plan.ts'

export type Compatibility = 'aws' | 's3-compatible'

/** Options of every storage, whichever client it uses. */
export interface TransferOptions {
  readonly bucket: string
  /** The size of a part, in bytes: 5 MiB to 5 GiB. Larger bodies are sent in parts. @default 8 MiB */
  readonly partSizeBytes?: number | undefined
  /** How many parts all uploads together send at once: 1 to 64. They hold one more in memory. @default 4 */
  readonly parallel?: number | undefined
  /**
   * `'s3-compatible'` for stores that do not know the checksums which S3 has since 2022 (CRC32 …):
   * Content-MD5 is sent instead, also when many are deleted. And for stores that ignore conditions, as Ceph
   * does on the last step of an upload in parts: the object is then looked at before, which costs a request
   * and is not atomic.
   *
   * @default 'aws'
   */
  readonly compatibility?: Compatibility | undefined
  /**
   * The secret that signs the tokens of uploads which a later call ends (`onResumeToken`), of at least 16
   * characters. It must be the same in all processes that share tokens. Required with credentials that
   * expire.
   *
   * @default the secret access key
   */
  readonly tokenSecret?: string | undefined
}

/** For `createStorage`: a store to connect to. */
export interface StorageConfig extends TransferOptions {
  readonly client?: never
  /** @default 'us-east-1' */
  readonly region?: string | undefined
  /** Where the store is, if it is not AWS. */
  readonly endpoint?: string | undefined
  /**
   * Credentials, or a function that gets them.
   *
   * @default the AWS SDK's chain (environment, profile, role)
   */
  readonly credentials?: CredentialSource | undefined
  /** Whether the bucket is in the path instead of the host's name. @default true with `endpoint` */
  readonly forcePathStyle?: boolean | undefined
  /** The most connections at once: 1 to 10,000. @default 64 */
  readonly connections?: number | undefined
  /** How many calls may wait for one; more are `overloaded`. @default 1_000 */
  readonly queue?: number | undefined
  /**
   * How long a call may wait for one, in milliseconds, before `'acquire_timeout'`.
   *
   * @default no limit but that of its scope
   */
  readonly acquireTimeoutMs?: number | undefined
  /** How often a request is tried, where that is safe, including the first time: 1 to 20. @default 3 */
  readonly attempts?: number | undefined
  /**
   * The limits of one request.
   *
   * @default none in total; 10 s to connect, 60 s until the answer begins, 30 s between bytes
   */
  readonly timeouts?: HttpTimeouts | undefined
}

/** For `createStorage`: a client of your own, which is never closed. */
export interface StorageOverClient<Client extends S3Client> extends TransferOptions {
  readonly client: Client
  readonly endpoint?: never
  readonly region?: never
  readonly credentials?: never
}

/** The names of {@link TransferOptions}. */
export const TRANSFER_OPTIONS: Readonly<Record<keyof TransferOptions, true>> = {
  bucket: true,
  partSizeBytes: true,
  parallel: true,
  compatibility: true,
  tokenSecret: true,
}

const CONFIG = Object.keys({
  ...TRANSFER_OPTIONS,
  client: true,
  region: true,
  endpoint: true,
  credentials: true,
  forcePathStyle: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  attempts: true,
  timeouts: true,
} satisfies Record<keyof StorageConfig, true>)

const OVER_CLIENT = Object.keys({
  ...TRANSFER_OPTIONS,
  client: true,
  endpoint: true,
  region: true,
  credentials: true,
} satisfies Record<keyof StorageOverClient<S3Client>, true>)

const MIB = 1_024 ** 2

/** Checks the options that every storage has. */
export function expectTransferOptions(options: TransferOptions): {
  readonly partBytes: number
  readonly parallel: number
  readonly tokenSecret: string | undefined
} {
  const { bucket, partSizeBytes = 8 * MIB, parallel = 4, compatibility = 'aws' } = options
  const { tokenSecret } = options
  if (typeof bucket !== 'string' || bucket === '') {
    throw expected('bucket to be the name of one', bucket)
  }
  expectInteger('partSizeBytes', partSizeBytes, MIN_PART_BYTES, MAX_PART_BYTES)
  expectInteger('parallel', parallel, 1, 64)
  if (compatibility !== 'aws' && compatibility !== 's3-compatible') {
    throw expected("compatibility to be 'aws' or 's3-compatible'", compatibility)
  }
  if (tokenSecret !== undefined && !(typeof tokenSecret === 'string' && tokenSecret.length >= 16)) {
    throw new TypeError('Expected tokenSecret to be a string of at least 16 characters')
  }
  return { partBytes: partSizeBytes, parallel, tokenSecret }
}

/** Checks the options for connecting to a store. */
export function expectConfig(config: StorageConfig): void {
  const { endpoint, region, forcePathStyle, timeouts } = config
  if (timeouts !== undefined) expectObject('timeouts', timeouts)
  if (endpoint !== undefined) {
    const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') {
      throw new TypeError('Expected endpoint to be an http: or https: URL without credentials')
    }
  }
  if (region !== undefined && (typeof region !== 'string' || region === '')) {
    throw expected('region to be a string', region)
  }
  if (forcePathStyle !== undefined && typeof forcePathStyle !== 'boolean') {
    throw expected('forcePathStyle to be a boolean', forcePathStyle)
  }
}

/** Throws unless all options are known and there is either a client or what is needed to make one. */
export function expectStorageOptions(options: StorageConfig | StorageOverClient<S3Client>): void {
  expectObject('options', options)
  const { client, endpoint, region, credentials } = options
  expectOptions(options, client === undefined ? CONFIG : OVER_CLIENT, 'createStorage')
  if (client === undefined) return
  if (typeof client.send !== 'function' || typeof client.config !== 'object') {
    throw expected('client to be an S3Client', client)
  }
  if (endpoint !== undefined || region !== undefined || credentials !== undefined) {
    throw new TypeError('Expected either client or endpoint, region and credentials, got both')
  }
}
