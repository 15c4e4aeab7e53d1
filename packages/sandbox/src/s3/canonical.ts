import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Percent-encodes as SigV4 wants it: everything but `A–Z a–z 0–9 - . _ ~`, upper-case hex.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`,
  )
}

/** A path keeps its slashes; S3, unlike other services, encodes it once and normalises nothing. */
function encodePath(path: string): string {
  return path.split('/').map(uriEncode).join('/')
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Sorted by encoded name, then by encoded value; the signature itself is not part of it. */
function canonicalQuery(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort((a, b) => byCodeUnit(a[0], b[0]) || byCodeUnit(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Header values as SigV4 wants them: trimmed, runs of spaces collapsed, repeats joined. */
function canonicalHeaders(message: IncomingMessage, names: readonly string[]): string {
  return names
    .map((name) => {
      const values = message.headersDistinct[name] ?? []
      return `${name}:${values.map((value) => value.trim().replace(/ +/g, ' ')).join(',')}\n`
    })
    .join('')
}

/** What the client signed, rebuilt from what arrived. */
export interface CanonicalParts {
  readonly message: IncomingMessage
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
}

export function canonicalRequest(parts: CanonicalParts): string {
  return [
    parts.message.method,
    encodePath(parts.path),
    canonicalQuery(parts.query),
    canonicalHeaders(parts.message, parts.signedHeaders),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n')
}
