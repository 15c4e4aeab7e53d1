import { expected } from '@yuzuru/concurrency/boundary'
import { type SingleFlight, singleFlight } from '@yuzuru/concurrency/resilience'
import { awaitCredentials, CredentialsFailure } from './credentials-failure.ts'

/** What requests are signed with. */
export interface StorageCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** When they expire. @default never */
  readonly expiration?: Date | undefined
}

/**
 * Credentials, or a function that gets them. It is called again shortly before they expire, and when they
 * are refused. It fails with `'unauthenticated'` after 30 s.
 */
export type CredentialSource = StorageCredentials | (() => Promise<StorageCredentials>)

/**
 * How long before their expiry credentials are renewed, in milliseconds; short-lived ones at half of their
 * life.
 */
const RENEW_MS = 60_000

/** Keeps credentials, and renews them in time. */
export class CredentialCache {
  readonly #source: CredentialSource
  readonly #ask: SingleFlight<[generation: number], StorageCredentials>
  #known: StorageCredentials | undefined = undefined
  #renewAt = Infinity
  #generation = 0

  constructor(source: CredentialSource) {
    if (typeof source !== 'function') {
      expectCredentials(source)
      this.#known = source
    }
    this.#source = source
    // Shared by all callers, so the cancel of one caller must not end it.
    this.#ask = singleFlight((generation) => this.#getNew(generation), {
      name: 'storage.credentials',
      effect: 'read',
      detached: true,
    })
  }

  /** Whether asking again may give new credentials. */
  get renewable(): boolean {
    return typeof this.#source === 'function'
  }

  /** Counts how often the credentials were invalidated. */
  get generation(): number {
    return this.#generation
  }

  /** The credentials that are valid now, if they need not be fetched. */
  get current(): StorageCredentials | undefined {
    return Date.now() < this.#renewAt ? this.#known : undefined
  }

  /**
   * @param signal ends the wait. @default that of the scope around it
   * @throws {CredentialsFailure}
   */
  async get(signal?: AbortSignal): Promise<StorageCredentials> {
    const { current } = this
    if (current !== undefined) return current
    const generation = this.#generation
    try {
      return await awaitCredentials(this.#ask(generation), signal)
    } catch (error) {
      // A function that hung is not awaited again.
      if (error instanceof CredentialsFailure) this.invalidate(generation)
      throw error
    }
  }

  async #getNew(generation: number): Promise<StorageCredentials> {
    const source = this.#source
    const credentials = typeof source === 'function' ? await source() : source
    expectCredentials(credentials)
    if (generation === this.#generation) {
      const lifeMs = (credentials.expiration?.getTime() ?? Infinity) - Date.now()
      this.#renewAt = Date.now() + Math.max(lifeMs - RENEW_MS, lifeMs / 2)
      this.#known = credentials
    }
    return credentials
  }

  /**
   * Makes the next call get new credentials, unless that has happened meanwhile: requests that were refused
   * together need new ones only once.
   *
   * @param generation the generation of the refused credentials
   */
  invalidate(generation: number = this.#generation): void {
    if (!this.renewable || generation !== this.#generation) return
    this.#generation += 1
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
  throw expected(
    'credentials to be { accessKeyId, secretAccessKey } or a function that gets them',
    given,
  )
}
