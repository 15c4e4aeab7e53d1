import type { StorageCredentials } from '../store/credentials.ts'
import { signingKey } from './signing-key.ts'
import { signingTime } from './signing-time.ts'
import { escapeUri } from './uri-escape.ts'

/** Headers that a proxy may change (RFC 9110, 7.6.1; RFC 9111, 5.2). The SDK does not sign them either. */
const CHANGING: ReadonlySet<string> = new Set(['cache-control', 'user-agent'])

/** A request without its signature. */
export interface UnsignedRequest {
  readonly method: string
  readonly host: string
  /** Encoded, from the slash on. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The SHA-256 of the body in hex, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
  readonly region: string
  readonly credentials: StorageCredentials
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The headers of a request, with its signature among them (S3 API, "Authenticating Requests: Using the
 * Authorization Header").
 */
export function signRequest(request: UnsignedRequest): Record<string, string> {
  const { method, host, path, query, payloadHash, region, credentials, now } = request
  const { timestamp, day } = signingTime(now)
  const signer = signingKey(credentials, day, region)
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
  }
  const { sessionToken } = credentials
  if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken
  const { names, lines } = canonicalHeaders({ ...headers, host }, CHANGING)
  const canonical = `${method}\n${path}\n${queryOf(query)}\n${lines}\n${names}\n${payloadHash}`
  const signature = signer.signRequest(timestamp, canonical)
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${signer.credential}, SignedHeaders=${names}, Signature=${signature}`
  return headers
}

/** A query string, sorted by name. */
export function queryOf(query: Readonly<Record<string, string>>): string {
  const names = Object.keys(query).sort()
  return names.map((name) => `${escapeUri(name)}=${escapeUri(query[name] ?? '')}`).join('&')
}

/** Headers in the form in which they are signed: their names, and one line for each. */
export function canonicalHeaders(
  headers: Readonly<Record<string, string>>,
  except?: ReadonlySet<string>,
): { readonly names: string; readonly lines: string } {
  let names = ''
  let lines = ''
  const all = Object.keys(headers)
  for (const name of all.length > 1 ? all.sort() : all) {
    if (except?.has(name) === true) continue
    names += names === '' ? name : `;${name}`
    lines += `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`
  }
  return { names, lines }
}
