import { describeValue, detached } from '@yuzuru/concurrency'
import { awaitCredentials, CredentialsFailure } from './credentials-failure.ts'

/** What requests are signed with. */
export interface StorageCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they expire. @default never */
  readonly expiration?: Date
}

/**
 * Credentials, or what gets them: asked again shortly before they expire, and when they are refused. What has
 * not got them after 30 s has failed (`'unauthenticated'`).
 */
export type CredentialSource = StorageCredentials | (() => Promise<StorageCredentials>)

/** How long before their end credentials are renewed, in milliseconds; at half of a life that is short. */
const RENEW_MS = 60_000

/** Keeps credentials, and gets new ones when they are due. */
export class CredentialCache {
  readonly #source: CredentialSource
  #current: Promise<StorageCredentials> | undefined = undefined
  #known: StorageCredentials | undefined = undefined
  #renewAt = Infinity
  #generation = 0

  constructor(source: CredentialSource) {
    if (typeof source !== 'function') {
      expectCredentials(source)
      this.#known = source
    }
    this.#source = source
  }

  /** Whether asking again may bring others. */
  get renewable(): boolean {
    return typeof this.#source === 'function'
  }

  /** Counts how often they were asked for. */
  get generation(): number {
    return this.#generation
  }

  /** Those that are good now, if nobody has to be asked for them. */
  get current(): StorageCredentials | undefined {
    return Date.now() < this.#renewAt ? this.#known : undefined
  }

  /**
   * @param signal ends the wait for them. @default that of the scope around it
   * @throws {CredentialsFailure}
   */
  async get(signal?: AbortSignal): Promise<StorageCredentials> {
    const source = this.#source
    if (typeof source !== 'function') return source
    if (this.#current !== undefined && Date.now() < this.#renewAt) {
      return await this.#wait(this.#current, signal)
    }
    // Shared by all callers, so no caller's end may be its end.
    const asked = detached(async () => {
      const credentials = await source()
      expectCredentials(credentials)
      const lifeMs = (credentials.expiration?.getTime() ?? Infinity) - Date.now()
      this.#renewAt = Date.now() + Math.max(lifeMs - RENEW_MS, lifeMs / 2)
      if (this.#current === asked) this.#known = credentials
      return credentials
    })
    this.#generation += 1
    this.#current = asked
    this.#known = undefined
    this.#renewAt = Infinity
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined
    })
    return await this.#wait(asked, signal)
  }

  async #wait(
    asked: Promise<StorageCredentials>,
    signal: AbortSignal | undefined,
  ): Promise<StorageCredentials> {
    try {
      return await awaitCredentials(asked, signal)
    } catch (error) {
      // What has hung is not waited for again.
      const failed = error instanceof CredentialsFailure
      if (failed && this.#current === asked) this.#current = undefined
      throw error
    }
  }

  /**
   * Has the next call get new ones: unless they were asked for again meanwhile, as many requests that
   * were refused together need new ones only once.
   *
   * @param generation of those that were refused
   */
  invalidate(generation: number = this.#generation): void {
    if (!this.renewable || generation !== this.#generation) return
    this.#current = undefined
    this.#known = undefined
  }
}

function expectCredentials(given: unknown): asserts given is StorageCredentials {
  if (typeof given === 'object' && given !== null) {
    const { accessKeyId, secretAccessKey } = given as Partial<StorageCredentials>
    if (typeof accessKeyId === 'string' && accessKeyId !== '') {
      if (typeof secretAccessKey === 'string' && secretAccessKey !== '') return
    }
  }
  throw new TypeError(
    `Expected credentials to be { accessKeyId, secretAccessKey } or a function that gets them, got ${describeValue(given)}`,
  )
}
