import { randomBytes } from 'node:crypto'
import { sameSignature } from './same-signature.ts'
import { S3Error } from './errors.ts'

/** Keys that end, as STS gives them out. */
export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

/** The temporary credentials that this server gave out. */
export class TemporaryKeys {
  readonly #keys: Map<string, TemporaryCredentials> = new Map()
  readonly #ended: Set<string> = new Set()

  /** Gives out new ones. */
  issue(now: number, lifetimeMs: number): TemporaryCredentials {
    const issued: TemporaryCredentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(96).toString('base64'),
      expiration: new Date(now + lifetimeMs),
    }
    this.#keys.set(issued.accessKeyId, issued)
    return issued
  }

  /** Ends all that were given out so far, whatever their expiration says. */
  endAll(): void {
    for (const accessKeyId of this.#keys.keys()) this.#ended.add(accessKeyId)
  }

  secretOf(accessKeyId: string): string | undefined {
    return this.#keys.get(accessKeyId)?.secretAccessKey
  }

  /**
   * Checks the session token that came with an access key which is known.
   * @throws S3Error `ExpiredToken`; `InvalidToken` when it is another key's; `InvalidAccessKeyId`
   *   when it is missing, as the key means nothing without it
   */
  check(accessKeyId: string, token: string | undefined, now: number): void {
    const issued = this.#keys.get(accessKeyId)
    if (issued === undefined) {
      if (token !== undefined) throw new S3Error('InvalidToken')
      return
    }
    if (token === undefined) {
      throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: accessKeyId })
    }
    if (!sameSignature(issued.sessionToken, token)) throw new S3Error('InvalidToken')
    if (this.#ended.has(accessKeyId) || now >= issued.expiration.getTime()) {
      throw new S3Error('ExpiredToken')
    }
  }
}
