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

/** What a client that was made here stands on. */
export interface OwnParts {
  readonly http: Http
  readonly credentials: CredentialCache | undefined
  /** How often a request is tried at the most. */
  readonly attempts: number
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
   * asks for that by a code of its own: the transport, which repeats the rest, sees the status alone.
   */
  async tryAgain<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // So that it is known which ones were refused, and that nothing was sent without.
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
    // A client that was passed in may need none.
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
      // The SDK's own transport throws an `AbortError` of its own.
      signal.throwIfAborted()
      // What the SDK throws where it cannot read an answer has that answer in it.
      if (this.own !== undefined && !isFailureOfCall(error)) throw new UnreadableAnswer()
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
    await this.#authenticate()
    const asked = (this.#base ??= detached(() => this.#findBase(bucket)))
    asked.catch(() => {
      if (this.#base === asked) this.#base = undefined
    })
    const [base, region, credentials] = await Promise.all([
      asked,
      config.region(),
      // Ours know when they end; the SDK gets a time that is meant for the SDK alone.
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
    await own.http.close({ drainMs })
    this.client.destroy()
  }
}

/** Waits, also outside of all scopes, until the signal fires at the latest. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await cancelScope(() => sleep(delayMs), { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
