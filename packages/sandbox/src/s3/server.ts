import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { startInFolder } from '../start-in-folder.ts'
import { Cors, type S3CorsRule } from './cors.ts'
import { Requests } from './requests.ts'
import { Store } from './store.ts'
import { type TemporaryCredentials, TemporaryKeys } from './temporary-credentials.ts'
import { checkTroubles, type S3Troubles } from './troubles.ts'

/** Options of {@link startS3}. */
export interface S3Options {
  /** The folder that holds the buckets; made when missing. Only one server at a time may use it. */
  dir: string
  /** @default 0: a free one */
  port?: number | undefined
  /** @default 'sandbox' */
  accessKeyId?: string | undefined
  /** @default 'sandbox-secret-key' */
  secretAccessKey?: string | undefined
  /** @default 'us-east-1' */
  region?: string | undefined
  /** Buckets to create at the start, unless they are there. @default [] */
  buckets?: readonly string[] | undefined
  /** The clock, in milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined
  /**
   * Which pages of other origins may use the buckets from their scripts, for all buckets. Let them read
   * the header `ETag` for uploads in parts. @default none
   */
  cors?: S3CorsRule | readonly S3CorsRule[] | undefined
  /** The least size of every part but the last. @default 5 MiB, as on S3 */
  minPartSizeBytes?: number | undefined
  /** Called with failures that are the server's own: a full disk, a lost file. @default console.error */
  onError?: ((error: unknown) => void) | undefined
}

/** The names of {@link S3Options}. */
export const S3_OPTIONS: readonly string[] = Object.keys({
  dir: true,
  port: true,
  accessKeyId: true,
  secretAccessKey: true,
  region: true,
  buckets: true,
  now: true,
  cors: true,
  minPartSizeBytes: true,
  onError: true,
} satisfies Record<keyof S3Options, true>)

/** What an unfinished multipart upload looks like from outside. */
export interface UploadView {
  readonly key: string
  readonly uploadId: string
  readonly parts: readonly number[]
}

/** A running S3 server. Disposing of it is `close()`. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly host: string
  readonly port: number
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** How often each operation (`PutObject`, `UploadPart` …) was asked for and authenticated. */
  readonly requests: Readonly<Record<string, number>>
  /** Creates a bucket; one that is there already is left as it is. */
  createBucket(name: string): Promise<void>
  /** The keys of a bucket, in S3's order. */
  keys(bucket: string): Promise<string[]>
  /** The multipart uploads of a bucket that are neither completed nor aborted. */
  uploads(bucket: string): Promise<UploadView[]>
  /**
   * Credentials that end, as STS would give them out, for the one account that there is.
   * @param lifetimeMs by the server's clock. @default an hour
   */
  temporaryCredentials(lifetimeMs?: number): TemporaryCredentials
  /** Ends all temporary credentials that were given out so far: `ExpiredToken` from now on. */
  expireCredentials(): void
  /** Replaces what is wrong with the server. @throws {TypeError} on the first wrong value. */
  set(troubles: S3Troubles): void
  /** Nothing is wrong any more. */
  clear(): void
  /** Cuts what is still open, waits until its traces are removed, and stops listening. */
  close(): Promise<void>
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', resolve)
  await promise
  server.off('error', reject)
  return (server.address() as AddressInfo).port
}

/**
 * Starts an S3 server over a folder, on 127.0.0.1. It verifies signatures and checksums, answers
 * with S3's own codes, and streams: memory does not grow with the objects.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @throws {Error} with the code `folder_in_use` when a living process uses `dir`
 * @example
 * await using s3 = await startS3({ dir: './s3', buckets: ['plans'] })
 * const { endpoint, region, accessKeyId, secretAccessKey } = s3
 * const client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } })
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  expectOptions(options, S3_OPTIONS, 'startS3')
  // From JavaScript there may be none.
  const dir: unknown = (options as S3Options | undefined)?.dir
  if (typeof dir !== 'string' || dir === '') throw expected('dir to be a path', dir)
  const { cors: rules = [] } = options
  const cors = new Cors([rules].flat())
  return await startInFolder(dir, () => start(options, cors))
}

async function start(options: S3Options, cors: Cors): Promise<S3Server> {
  const temporary = new TemporaryKeys()
  let troubles: S3Troubles = {}
  const clock = options.now ?? Date.now
  const keyring = {
    temporary,
    accessKeyId: options.accessKeyId ?? 'sandbox',
    secretAccessKey: options.secretAccessKey ?? 'sandbox-secret-key',
    region: options.region ?? 'us-east-1',
    now: () => clock() + (troubles.clockOffsetMs ?? 0),
  }
  const store = await Store.open(options.dir)
  for (const name of options.buckets ?? []) await store.create(name)
  const minPartSizeBytes = options.minPartSizeBytes ?? 5 * 1_024 * 1_024
  const requests = new Requests(
    { store, keyring, minPartSizeBytes, cors, bucketRegion: () => troubles.bucketRegion },
    options.onError ?? ((error) => console.error(error)),
  )
  // An upload may take as long as it takes; only its headers have a time limit.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 })
  server.on('request', (message, response) => requests.accept(message, response, false))
  server.on('checkContinue', (message, response) => requests.accept(message, response, true))
  const port = await listen(server, options.port ?? 0)

  const set = (given: S3Troubles): void => {
    checkTroubles(given)
    troubles = { ...given }
    store.disk.freeBytes = given.freeBytes ?? Infinity
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    server.closeAllConnections()
    await closed.promise
    await Promise.all(requests.running)
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    region: keyring.region,
    accessKeyId: keyring.accessKeyId,
    secretAccessKey: keyring.secretAccessKey,
    requests: requests.counts,
    createBucket: async (name) => {
      await store.create(name)
    },
    keys: async (name) => [...(await store.bucket(name)).objects.keys],
    uploads: async (name) => {
      const { uploads } = await store.bucket(name)
      return uploads.list().map(({ key, id }) => {
        const parts = uploads.parts(key, id).map((part) => part.number)
        return { key, uploadId: id, parts }
      })
    },
    temporaryCredentials: (lifetimeMs = 3_600_000) => temporary.issue(keyring.now(), lifetimeMs),
    expireCredentials: () => temporary.endAll(),
    set,
    clear: () => set({}),
    close,
    [Symbol.asyncDispose]: close,
  }
}
