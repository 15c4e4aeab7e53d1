import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { cancelScope, detached, remaining, sleep } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import type { Http } from '@yuzuru/http'
import type { CredentialCache } from '../store/credentials.ts'
import { awaitCredentials } from '../store/credentials-failure.ts'
import type { PresignContext } from '../store/object-backend.ts'
import { hadEarlierEffect, noteEarlierEffect } from './earlier-effect.ts'
import { asksForRepeat, isFailureOfCall, nameOf } from './s3-error.ts'
import { S3Refusal } from './s3-refusal.ts'
import { UnreadableAnswer } from './shown-answer.ts'

/** What a command of the SDK resolves with. */
type OutputOf<C> = C extends {
  resolveMiddleware(...args: never[]): (args: never) => Promise<{ output: infer Output }>
}
  ? Output
  : never

const delayBefore = backoff({ baseDelayMs: 200 })

const EXPIRED: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
])

/** The parts of a client that was made here. */
export interface OwnParts {
  readonly http: Http
  readonly credentials: CredentialCache | undefined
  /** How often a request is tried. */
  readonly attempts: number
  /** Whether the connection to the store uses TLS, as far as is known. */
  readonly encrypted: boolean
}

/** Sends commands through a client: one of our own, or one that was passed in. */
export class S3Sender {
  readonly client: S3Client
  /** `undefined`: the client was passed in, and is not closed with the storage. */
  readonly own: OwnParts | undefined
  #base: Promise<string> | undefined = undefined
  #place: { readonly base: string; readonly region: string } | undefined = undefined

  constructor(client: S3Client, own: OwnParts | undefined) {
    this.client = client
    this.own = own
  }

  /** Sends a command, and once more when new credentials or a corrected clock may help. */
  async send<C extends object>(command: C, signal: AbortSignal): Promise<OutputOf<C>> {
    return await this.tryAgain(() => this.#sendOnce(command, signal), signal)
  }

  /**
   * Calls `attempt`, once more when new credentials or a corrected clock may help, and again when the store
   * asks for a retry with a code. The transport, which does the other retries, sees only the status.
   */
  async tryAgain<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // So that it is known which credentials were refused, and that nothing was sent without any.
    await this.#authenticate(signal)
    const generation = this.own?.credentials?.generation
    let mended = false
    let unsure = false
    for (let number = 1; ; number += 1) {
      try {
        return await attempt()
      } catch (error) {
        unsure ||= hadEarlierEffect(error)
        if (unsure) noteEarlierEffect(error)
        if (!mended && this.#mayHelpToRepeat(error, generation)) {
          mended = true
          continue
        }
        const delayMs = delayBefore(number)
        const again = number < (this.own?.attempts ?? 1) && asksForRepeat(error)
        if (!again || delayMs >= remaining()) throw error
        await pause(delayMs, signal)
      }
    }
  }

  /** @throws {CredentialsFailure} before anything is sent */
  async #authenticate(signal?: AbortSignal): Promise<void> {
    const { own } = this
    // A client that was passed in may need no credentials.
    if (own === undefined || own.credentials?.current !== undefined) return
    if (own.credentials !== undefined) await own.credentials.get(signal)
    else await awaitCredentials(this.client.config.credentials(), signal)
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
      // The SDK's own transport throws its own `AbortError`.
      signal.throwIfAborted()
      // The SDK's error for an unreadable answer contains that answer.
      if (this.own !== undefined && !isFailureOfCall(error)) throw new UnreadableAnswer()
      throw error
    }
  }

  #mayHelpToRepeat(error: unknown, generation: number | undefined): boolean {
    const { own } = this
    const name = nameOf(error)
    if (own === undefined || name === undefined) return false
    if (name === 'RequestTimeTooSkewed') {
      // The SDK notes how far the clock is off from the answers to its own requests. Both use that value.
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

  /** The context that signs the URLs of a bucket. */
  async presigner(bucket: string): Promise<PresignContext> {
    const { config } = this.client
    await this.#authenticate()
    const asked = (this.#base ??= detached(() => this.#findBase(bucket)))
    asked.catch(() => {
      if (this.#base === asked) this.#base = undefined
    })
    const [base, region, credentials] = await Promise.all([
      asked,
      config.region(),
      // Our credentials have their real expiry; the SDK is given another one.
      this.own?.credentials?.get() ?? config.credentials(),
    ])
    this.#place = { base, region }
    return { base, region, credentials, now: this.#now }
  }

  /** The same, if nothing must be fetched for it. */
  get presignerNow(): PresignContext | undefined {
    const credentials = this.own?.credentials?.current
    if (credentials === undefined || this.#place === undefined) return undefined
    const { base, region } = this.#place
    return { base, region, credentials, now: this.#now }
  }

  get #now(): number {
    return Date.now() + this.client.config.systemClockOffset
  }

  /**
   * The SDK decides on the URL of a bucket: in the path or the host, by region, dual stack, acceleration …
   */
  async #findBase(bucket: string): Promise<string> {
    const probe = new GetObjectCommand({ Bucket: bucket, Key: 'k' })
    const { origin, pathname } = new URL(await getSignedUrl(this.client, probe))
    return `${origin}${pathname.slice(0, -'/k'.length)}`
  }

  /** Waits for the calls under way, then closes what was made here. */
  async close(drainMs: number): Promise<void> {
    const own = this.own
    if (own === undefined) return
    await own.http.close({ drainMs })
    this.client.destroy()
  }
}

/** Waits for `delayMs`, or until the signal fires, even outside of all scopes. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await cancelScope(() => sleep(delayMs), { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
