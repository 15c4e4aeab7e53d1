import { canonicalRequest, type CanonicalParts } from './canonical.ts'
import {
  type CredentialScope,
  type Keyring,
  parseCredential,
  parseTimestamp,
  SigningKey,
} from './credential.ts'
import { sameSignature } from './same-signature.ts'
import { S3Error } from './errors.ts'
import { header, type S3Request } from './request.ts'

/** A request whose signature held, and what the signature says about its body. */
export interface Authorization {
  /** `UNSIGNED-PAYLOAD`, `STREAMING-…` or the SHA-256 of the body in hex. */
  readonly payloadHash: string
  readonly signature: string
  readonly timestamp: string
  readonly key: SigningKey
}

const maxSkewMs = 15 * 60_000
const payloadForms =
  /^(?:UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD(?:-TRAILER)?|[0-9a-f]{64})$/

/** The forms of `x-amz-content-sha256` that this server takes. */
export function checkPayloadHash(value: string): string {
  if (payloadForms.test(value)) return value
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
  )
}

/** Finds the credential's key. Throws when the credential is for another key, region, day or service. */
export function signingKeyFor(
  keyring: Keyring,
  scope: CredentialScope,
  timestamp: string,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): SigningKey {
  const secret =
    scope.accessKeyId === keyring.accessKeyId
      ? keyring.secretAccessKey
      : keyring.temporary?.secretOf(scope.accessKeyId)
  if (secret === undefined) {
    throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: scope.accessKeyId })
  }
  const wrong = (what: string): S3Error =>
    new S3Error(code, `The authorization is malformed; ${what}`, { Region: keyring.region })
  if (scope.region !== keyring.region) {
    throw wrong(`the region '${scope.region}' is wrong; expecting '${keyring.region}'`)
  }
  if (scope.service !== 's3') throw wrong(`incorrect service "${scope.service}"; expecting "s3"`)
  if (scope.terminator !== 'aws4_request') {
    throw wrong(`incorrect terminal "${scope.terminator}"; expecting "aws4_request"`)
  }
  if (scope.date !== timestamp.slice(0, 8)) {
    throw wrong(`incorrect date "${scope.date}"; expecting "${timestamp.slice(0, 8)}"`)
  }
  return new SigningKey(secret, keyring.region, scope.date)
}

/** @throws S3Error when the session token is not that of the access key, or is over. */
export function checkSession(
  keyring: Keyring,
  { accessKeyId }: CredentialScope,
  token: string | undefined,
): void {
  if (keyring.temporary !== undefined) keyring.temporary.check(accessKeyId, token, keyring.now())
  else if (token !== undefined) throw new S3Error('InvalidToken')
}

/** @throws S3Error `AccessDenied` when `host` or an `x-amz-*` header travels outside the signature. */
export function checkSignedHeaders(
  request: S3Request,
  signed: readonly string[],
  exempt: readonly string[] = [],
): void {
  const loose = Object.keys(request.message.headersDistinct).filter(
    (name) =>
      (name === 'host' || name.startsWith('x-amz-')) &&
      !signed.includes(name) &&
      !exempt.includes(name),
  )
  if (loose.length === 0) return
  throw new S3Error(
    'AccessDenied',
    'There were headers present in the request which were not signed',
    { HeadersNotSigned: loose.join(', ') },
  )
}

/** @throws S3Error `SignatureDoesNotMatch`, with what this side would have signed. */
export function checkSignature(
  key: SigningKey,
  timestamp: string,
  parts: CanonicalParts,
  given: string,
  accessKeyId: string,
): void {
  const canonical = canonicalRequest(parts)
  const stringToSign = key.stringToSign(timestamp, canonical)
  if (sameSignature(key.sign(stringToSign), given)) return
  throw new S3Error('SignatureDoesNotMatch', undefined, {
    AWSAccessKeyId: accessKeyId,
    StringToSign: stringToSign,
    SignatureProvided: given,
    CanonicalRequest: canonical,
  })
}

function parseAuthorization(value: string): Map<string, string> {
  const [algorithm = '', ...rest] = value.split(' ')
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    )
  }
  const fields = rest
    .join(' ')
    .split(',')
    .map((part) => part.trim().split('='))
  return new Map(fields.map(([name = '', ...text]) => [name, text.join('=')]))
}

/** The request's own time, from `x-amz-date` or else `date`, as a SigV4 timestamp. */
function requestTime(request: S3Request): string {
  const given = header(request.message, 'x-amz-date')
  if (given !== undefined && parseTimestamp(given) !== undefined) return given
  const date = Date.parse(header(request.message, 'date') ?? '')
  if (given !== undefined || Number.isNaN(date)) {
    throw new S3Error(
      'AccessDenied',
      'AWS authentication requires a valid Date or x-amz-date header',
    )
  }
  return new Date(date).toISOString().replace(/[-:]|\.\d+/g, '')
}

/** @throws S3Error `RequestTimeTooSkewed` beyond 15 minutes either way. */
function checkSkew(keyring: Keyring, timestamp: string): void {
  const now = keyring.now()
  if (Math.abs(now - (parseTimestamp(timestamp) ?? 0)) <= maxSkewMs) return
  throw new S3Error('RequestTimeTooSkewed', undefined, {
    RequestTime: timestamp,
    ServerTime: new Date(now).toISOString(),
    MaxAllowedSkewMilliseconds: maxSkewMs,
  })
}

/**
 * Verifies the `Authorization` header.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function verifyHeader(request: S3Request, keyring: Keyring, value: string): Authorization {
  const fields = parseAuthorization(value)
  const credential = parseCredential(fields.get('Credential') ?? '')
  const signedHeaders = fields.get('SignedHeaders')?.split(';')
  const signature = fields.get('Signature')
  if (!credential || !signedHeaders || !signature) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; it needs Credential, SignedHeaders and Signature.',
    )
  }
  const timestamp = requestTime(request)
  const key = signingKeyFor(keyring, credential, timestamp, 'AuthorizationHeaderMalformed')
  const hash = header(request.message, 'x-amz-content-sha256')
  if (hash === undefined) {
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    )
  }
  const payloadHash = checkPayloadHash(hash)
  checkSkew(keyring, timestamp)
  checkSignedHeaders(request, signedHeaders)
  const { message, path, pairs: query } = request
  const parts = { message, path, query, signedHeaders, payloadHash }
  checkSignature(key, timestamp, parts, signature, credential.accessKeyId)
  checkSession(keyring, credential, header(message, 'x-amz-security-token'))
  return { payloadHash, signature, timestamp, key }
}
