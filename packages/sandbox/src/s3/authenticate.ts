import type { Keyring } from './credential.ts'
import { S3Error } from './errors.ts'
import { verifyQuery } from './presigned.ts'
import { header, type S3Request } from './request.ts'
import { type Authorization, verifyHeader } from './signature.ts'

/**
 * Who is asking? Signature version 4 in the header or in the query, never both; nothing here is
 * public, so a request without either is refused.
 */
export function authenticate(request: S3Request, keyring: Keyring): Authorization {
  const authorization = header(request.message, 'authorization')
  const presigned = ['X-Amz-Algorithm', 'X-Amz-Signature'].some((name) => request.query.has(name))
  if (authorization !== undefined && presigned) {
    throw new S3Error(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    )
  }
  if (authorization !== undefined) return verifyHeader(request, keyring, authorization)
  if (presigned) return verifyQuery(request, keyring)
  throw new S3Error('AccessDenied')
}
