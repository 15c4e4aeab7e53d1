import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { createHttp } from '@yuzuru/http'
import { storageOver } from './bucket-storage.ts'
import { CredentialCache } from './store/credentials.ts'
import { believeTurnedAway } from './s3/turned-away.ts'
import { RequestHandler } from './s3/request-handler.ts'
import { S3Backend } from './s3/s3-backend.ts'
import { S3Sender } from './s3/s3-sender.ts'
import type { Storage } from './storage.ts'
import {
  expectConfig,
  expectStorageOptions,
  expectTransferOptions,
  type StorageConfig,
  type StorageOverClient,
} from './storage-options.ts'

/** How long the store may take to begin its answer. Completing an upload of many parts takes long. */
const HEADERS_MS = 60_000

/**
 * Makes a storage for one bucket of S3, or of a store that speaks its protocol: over connections of its own,
 * or over your client of the AWS SDK. It connects when the first call is made; close it when you are done.
 *
 * With your own client, limits, timeouts and retries are up to that client, and a failure after the call's
 * start has the outcome `'unknown'` unless the store answered.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await using storage = createStorage({
 *   bucket: 'plans',
 *   region: 'ap-northeast-1',
 *   credentials: { accessKeyId, secretAccessKey },
 * })
 */
export function createStorage(options: StorageConfig): Storage<S3Client>
export function createStorage<Client extends S3Client>(
  options: StorageOverClient<Client>,
): Storage<Client>
export function createStorage(
  options: StorageConfig | StorageOverClient<S3Client>,
): Storage<S3Client> {
  expectStorageOptions(options)
  const transfer = expectTransferOptions(options)
  const { compatibility = 'aws' } = options
  const algorithm = compatibility === 'aws' ? 'CRC32' : 'MD5'
  const sender =
    options.client === undefined ? connect(options) : new S3Sender(options.client, undefined)
  const backend = new S3Backend(options.bucket, sender, compatibility)
  return storageOver({ backend, ...transfer, algorithm })
}

function connect(config: StorageConfig): S3Sender {
  expectConfig(config)
  const { endpoint, region = 'us-east-1', credentials: source, attempts = 3 } = config
  const { forcePathStyle = endpoint !== undefined, connections, queue, acquireTimeoutMs } = config
  const credentials = source === undefined ? undefined : new CredentialCache(source)
  const http = createHttp({
    connections,
    queue,
    acquireTimeoutMs,
    timeouts: { totalMs: Infinity, headersMs: HEADERS_MS, ...config.timeouts },
    retry: { attempts },
    redirect: 'manual',
    interceptors: [believeTurnedAway],
  })
  const client = new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: provide(credentials) }),
    requestHandler: new RequestHandler(http),
    // The checksums are ours: computed while the bytes are read, not when they are sent.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    expectContinueHeader: false,
  })
  // The transport retries, and the SDK's own middleware would also change the errors that pass it. Other
  // middleware is placed relative to it, so a replacement stays in its place.
  client.middlewareStack.add((next) => (args) => next(args), {
    name: 'retryMiddleware',
    step: 'finalizeRequest',
    priority: 'high',
    override: true,
  })
  const encrypted = endpoint === undefined || new URL(endpoint).protocol === 'https:'
  return new S3Sender(client, { http, credentials, encrypted, attempts })
}

/**
 * Makes the SDK ask for credentials with every request. It would cache them otherwise, even refused ones.
 */
function provide(cache: CredentialCache): NonNullable<S3ClientConfig['credentials']> {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await cache.get()
    const session = sessionToken === undefined ? {} : { sessionToken }
    return { accessKeyId, secretAccessKey, ...session, expiration: new Date(Date.now() + 1_000) }
  }
}
