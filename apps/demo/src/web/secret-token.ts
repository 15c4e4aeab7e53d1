import { createHash, randomBytes } from 'node:crypto'

/** A new token: what its holder gets, and the hash that is kept. */
export interface SecretToken {
  readonly token: string
  readonly hash: Buffer
}

/** 256 random bits. Only the hash is stored, so that a copy of the database lets nobody in. */
export function createSecretToken(): SecretToken {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: hashToken(token) }
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
