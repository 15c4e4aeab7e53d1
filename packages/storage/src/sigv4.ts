import { createHash, createHmac } from 'node:crypto'
import type { StorageCredentials } from './credentials.ts'

/** What a URL is to allow. */
export interface PresignRequest {
  readonly method: 'GET' | 'PUT' | 'HEAD'
  /** The URL of the bucket, without a slash at its end. */
  readonly base: string
  readonly key: string
  readonly query: Readonly<Record<string, string>>
  /** Headers that the request must have, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly region: string
  readonly credentials: StorageCredentials
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly expiresInSeconds: number
}

/** A key is good for one day, region and secret: four HMACs that need not be done for every URL. */
let lastKey: { readonly id: string; readonly secret: string; readonly key: Buffer } | undefined

/**
 * A URL that carries its own signature (S3 API, "Authenticating Requests: Using Query Parameters").
 * The payload is not signed, as nobody knows it yet.
 */
export function presignUrl(request: PresignRequest): string {
  const { method, base, key, region, credentials, expiresInSeconds } = request
  const timestamp = new Date(request.now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = timestamp.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const { host, origin, pathname } = new URL(base)
  const path = `${pathname === '/' ? '' : pathname}/${key.split('/').map(escapeUri).join('/')}`
  const headers: Record<string, string> = { ...request.headers, host }
  const names = Object.keys(headers).sort()
  const signedHeaders = names.join(';')
  const query: Record<string, string> = {
    ...request.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(expiresInSeconds),
    'X-Amz-SignedHeaders': signedHeaders,
  }
  if (credentials.sessionToken !== undefined) {
    query['X-Amz-Security-Token'] = credentials.sessionToken
  }
  const pairs = Object.keys(query).map(
    (name) => `${escapeUri(name)}=${escapeUri(query[name] ?? '')}`,
  )
  const canonicalQuery = pairs.sort().join('&')
  const canonical = [
    method,
    path,
    canonicalQuery,
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const hash = createHash('sha256').update(canonical).digest('hex')
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash}`
  const signature = hmac(signingKey(credentials, day, region), toSign).toString('hex')
  return `${origin}${path}?${canonicalQuery}&X-Amz-Signature=${signature}`
}

/** The key that requests of one day in one region are signed with. */
export function signingKey(credentials: StorageCredentials, day: string, region: string): Buffer {
  const { secretAccessKey: secret } = credentials
  const id = `${day}/${region}`
  if (lastKey?.id === id && lastKey.secret === secret) return lastKey.key
  const dated = hmac(hmac(`AWS4${secret}`, day), region)
  const key = hmac(hmac(dated, 's3'), 'aws4_request')
  lastKey = { id, secret, key }
  return key
}

export function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** RFC 3986: everything but unreserved characters. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
