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
 * Credentials, or what gets them: asked again shortly before they expire, and when they are refused. What has
 * not got them after 30 s has failed (`'unauthenticated'`).
 */
export type CredentialSource = StorageCredentials | (() => Promise<StorageCredentials>)

/** How long before their end credentials are renewed, in milliseconds; at half of a life that is short. */
const RENEW_MS = 60_000

/** Keeps credentials, and gets new ones when they are due. */
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
    // Shared by all callers, so no caller's end may be its end.
    this.#ask = singleFlight((generation) => this.#getNew(generation), {
      name: 'storage.credentials',
      effect: 'read',
      detached: true,
    })
  }

  /** Whether asking again may bring others. */
  get renewable(): boolean {
    return typeof this.#source === 'function'
  }

  /** Counts how often those that there were turned out to be of no use. */
  get generation(): number {
    return this.#generation
  }

  /** The credentials that are valid now, if they need not be fetched. */
  get current(): StorageCredentials | undefined {
    return Date.now() < this.#renewAt ? this.#known : undefined
  }

  /**
   * @param signal ends the wait for them. @default that of the scope around it
   * @throws {CredentialsFailure}
   */
  async get(signal?: AbortSignal): Promise<StorageCredentials> {
    const { current } = this
    if (current !== undefined) return current
    const generation = this.#generation
    try {
      return await awaitCredentials(this.#ask(generation), signal)
    } catch (error) {
      // What has hung is not waited for again.
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
   * Has the next call get new ones: unless that has happened meanwhile, as many requests that were refused
   * together need new ones only once.
   *
   * @param generation of those that were refused
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
