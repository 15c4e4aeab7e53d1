import { type Keyring, parseCredential, parseTimestamp } from './credential.ts'
import { S3Error } from './errors.ts'
import { header, type S3Request } from './request.ts'
import {
  type Authorization,
  checkPayloadHash,
  checkSession,
  checkSignature,
  checkSignedHeaders,
  signingKeyFor,
} from './signature.ts'

const maxExpiresSeconds = 604_800
const maxSkewMs = 15 * 60_000

function malformed(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', message)
}

function expiresMs(text: string): number {
  if (!/^-?\d+$/.test(text)) throw malformed('X-Amz-Expires should be a number')
  const seconds = Number(text)
  if (seconds < 0) throw malformed('X-Amz-Expires must be non-negative')
  if (seconds > maxExpiresSeconds) {
    throw malformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${maxExpiresSeconds} seconds`,
    )
  }
  return seconds * 1_000
}

function checkPeriod(now: number, start: number, lifetimeMs: number): void {
  if (start > now + maxSkewMs) {
    throw new S3Error('AccessDenied', 'Request is not valid yet', {
      ServerTime: new Date(now).toISOString(),
    })
  }
  if (now < start + lifetimeMs) return
  throw new S3Error('AccessDenied', 'Request has expired', {
    'X-Amz-Expires': lifetimeMs / 1_000,
    Expires: new Date(start + lifetimeMs).toISOString(),
    ServerTime: new Date(now).toISOString(),
  })
}

/**
 * Verifies a presigned URL; it lives from `X-Amz-Date` for `X-Amz-Expires` seconds.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function verifyQuery(request: S3Request, keyring: Keyring): Authorization {
  const { message, path, pairs, query } = request
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  }
  if (query.size !== pairs.length) throw malformed('A query parameter is given more than once')
  const [credential, timestamp, expires, signed, signature] = [
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map((name) => {
    const value = query.get(name)
    if (value) return value
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }) as [string, string, string, string, string]
  const start = parseTimestamp(timestamp)
  if (start === undefined) {
    throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  }
  const lifetimeMs = expiresMs(expires)
  const scope = parseCredential(credential)
  if (!scope) throw malformed('Error parsing the X-Amz-Credential parameter')
  const key = signingKeyFor(keyring, scope, timestamp, 'AuthorizationQueryParametersError')
  checkPeriod(keyring.now(), start, lifetimeMs)
  const signedHeaders = signed.split(';')
  checkSignedHeaders(request, signedHeaders, ['x-amz-content-sha256'])
  const payloadHash = checkPayloadHash(
    query.get('X-Amz-Content-Sha256') ??
      header(message, 'x-amz-content-sha256') ??
      'UNSIGNED-PAYLOAD',
  )
  const parts = { message, path, query: pairs, signedHeaders, payloadHash }
  checkSignature(key, timestamp, parts, signature, scope.accessKeyId)
  checkSession(keyring, scope, query.get('X-Amz-Security-Token'))
  return { payloadHash, signature, timestamp, key }
}
