import type { StorageCredentials } from '../store/credentials.ts'
import { canonicalHeaders } from '../s3/sign-request.ts'
import { signingKey } from '../s3/signing-key.ts'
import { signingTime } from '../s3/signing-time.ts'
import { escapeKey, escapeUri } from '../s3/uri-escape.ts'

/** The request that a URL allows. */
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

/**
 * A URL that carries its own signature (S3 API, "Authenticating Requests: Using Query Parameters").
 * The payload is not signed, as it is not known yet.
 */
export function presignUrl(request: PresignRequest): string {
  const { method, base, key, region, credentials, now, expiresInSeconds } = request
  const { timestamp, day } = signingTime(now)
  const signer = signingKey(credentials, day, region)
  const { host, origin, pathname } = new URL(base)
  const path = `${pathname === '/' ? '' : pathname}/${escapeKey(key)}`
  const { names, lines } = canonicalHeaders({ ...request.headers, host })
  const token = credentials.sessionToken
  // In the order of their names, as the signature requires.
  const own =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD` +
    `&X-Amz-Credential=${signer.escapedCredential}&X-Amz-Date=${timestamp}` +
    `&X-Amz-Expires=${expiresInSeconds}` +
    (token === undefined ? '' : `&X-Amz-Security-Token=${escapeUri(token)}`) +
    `&X-Amz-SignedHeaders=${escapeUri(names)}`
  const query = withQuery(own, request.query)
  const canonical = `${method}\n${path}\n${query}\n${lines}\n${names}\nUNSIGNED-PAYLOAD`
  const signature = signer.signRequest(timestamp, canonical)
  return `${origin}${path}?${query}&X-Amz-Signature=${signature}`
}

/** The pairs of the signature, and others before and after them. */
function withQuery(own: string, others: Readonly<Record<string, string>>): string {
  let before = ''
  let after = ''
  for (const name of Object.keys(others).sort()) {
    const pair = `${escapeUri(name)}=${escapeUri(others[name] ?? '')}`
    if (name < 'X-Amz-') before += `${pair}&`
    else after += `&${pair}`
  }
  return before + own + after
}
