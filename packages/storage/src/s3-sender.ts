import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { detached, shield } from '@yuzuru/concurrency'
import type { Http } from '@yuzuru/http'
import type { CredentialCache } from './credentials.ts'
import type { PresignContext } from './object-backend.ts'
import { nameOf } from './s3-error.ts'
import { S3Refusal } from './s3-refusal.ts'

/** What a command of the SDK resolves with. */
type OutputOf<C> = C extends {
  resolveMiddleware(...args: never[]): (args: never) => Promise<{ output: infer Output }>
}
  ? Output
  : never

const EXPIRED: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
])

/** What a client that was made here stands on. */
export interface OwnParts {
  readonly http: Http
  readonly credentials: CredentialCache | undefined
  /** Whether the store is spoken to through TLS, as far as is known. */
  readonly encrypted: boolean
}

/** Sends commands by way of a client: one of our own, or one that was passed in. */
export class S3Sender {
  readonly client: S3Client
  /** `undefined`: the client was passed in, and is not closed with the storage. */
  readonly own: OwnParts | undefined
  #base: Promise<string> | undefined = undefined
  #place: { readonly base: string; readonly region: string } | undefined = undefined
  #closed: Promise<void> | undefined = undefined

  constructor(client: S3Client, own: OwnParts | undefined) {
    this.client = client
    this.own = own
  }

  /** Sends a command, and once more when new credentials or a corrected clock may help. */
  async send<C extends object>(command: C, signal: AbortSignal): Promise<OutputOf<C>> {
    return await this.tryAgain(() => this.#sendOnce(command, signal))
  }

  /** Calls `attempt`, and once more when new credentials or a corrected clock may help. */
  async tryAgain<T>(attempt: () => Promise<T>): Promise<T> {
    const credentials = this.own?.credentials
    // So that it is known which ones were refused.
    if (credentials?.renewable === true && credentials.current === undefined) {
      await credentials.get()
    }
    const generation = credentials?.generation
    try {
      return await attempt()
    } catch (error) {
      if (!this.#mayHelpToRepeat(error, generation)) throw error
      return await attempt()
    }
  }

  async #sendOnce<C extends object>(command: C, signal: AbortSignal): Promise<OutputOf<C>> {
    signal.throwIfAborted()
    const send = this.client.send.bind(this.client) as unknown as (
      command: C,
      options: { readonly abortSignal: AbortSignal },
    ) => Promise<OutputOf<C>>
    try {
      return await send(command, { abortSignal: signal })
    } catch (error) {
      // The SDK's own transport throws an `AbortError` of its own.
      signal.throwIfAborted()
      throw error
    }
  }

  #mayHelpToRepeat(error: unknown, generation: number | undefined): boolean {
    const { own } = this
    const name = nameOf(error)
    if (own === undefined || name === undefined) return false
    if (name === 'RequestTimeTooSkewed') {
      // Of its own requests the SDK has noted by how much the clock is off; both go by that.
      if (error instanceof S3Refusal && error.serverTime !== undefined) {
        this.client.config.systemClockOffset = error.serverTime - Date.now()
      }
      return true
    }
    const { credentials } = own
    if (!EXPIRED.has(name) || credentials?.renewable !== true) return false
    credentials.invalidate(generation)
    return true
  }

  /** What URLs into a bucket are signed with. */
  async presigner(bucket: string): Promise<PresignContext> {
    const { config } = this.client
    this.#base ??= detached(() => this.#findBase(bucket))
    const [base, region, credentials] = await Promise.all([
      this.#base,
      config.region(),
      // Ours know when they end; what the SDK is told of that is meant for the SDK alone.
      this.own?.credentials?.get() ?? config.credentials(),
    ])
    this.#place = { base, region }
    return { base, region, credentials, now: this.#now }
  }

  /** The same, if nothing has to be found out for it. */
  get presignerNow(): PresignContext | undefined {
    const credentials = this.own?.credentials?.current
    if (credentials === undefined || this.#place === undefined) return undefined
    const { base, region } = this.#place
    return { base, region, credentials, now: this.#now }
  }

  get #now(): number {
    return Date.now() + this.client.config.systemClockOffset
  }

  /** The SDK knows where a bucket is: in the path or the host, by region, dual stack, acceleration … */
  async #findBase(bucket: string): Promise<string> {
    const probe = new GetObjectCommand({ Bucket: bucket, Key: 'k' })
    const { origin, pathname } = new URL(await getSignedUrl(this.client, probe))
    return `${origin}${pathname.slice(0, -'/k'.length)}`
  }

  /** Waits for what is under way, then closes what was made here. */
  async close(drainMs: number): Promise<void> {
    const own = this.own
    if (own === undefined) return
    this.#closed ??= detached(async () => {
      await own.http.close({ drainMs })
      this.client.destroy()
    })
    const closed = this.#closed
    await shield(() => closed, { name: 'storage.close' })
  }
}
