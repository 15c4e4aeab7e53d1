import { expectInteger } from '@yuzuru/concurrency/boundary'
import { expectKey } from '../store/object-key.ts'
import type { PresignedPost, PresignPostOptions } from './presign.ts'
import { signingKey } from '../s3/signing-key.ts'
import { signingTime } from '../s3/signing-time.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { expectExpiry, expiryOf } from './url-expiry.ts'
import { expectHeader } from '../upload/write-options.ts'

/**
 * A form that uploads an object within limits of size that the store enforces (S3 API, "POST Policy"). A
 * URL for PUT cannot limit the size.
 */
export async function presignPost(
  context: StorageContext,
  key: string,
  options: PresignPostOptions,
): Promise<PresignedPost> {
  expectKey(key)
  const expiresInSeconds = expectExpiry(options)
  const { maxBytes, minBytes = 0, contentType } = options
  expectInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER)
  expectInteger('minBytes', minBytes, 0, maxBytes)
  if (contentType !== undefined) expectHeader('contentType', contentType)
  // The store would replace it by the name of the file.
  if (key.includes('${filename}')) throw new TypeError('Expected key without "${filename}"')
  const subject = { operation: 'presignPost', key }
  return await callStore(context, subject, 'read', options, async () => {
    const signed = await context.backend.presigner()
    const { base, region, credentials, now } = signed
    const { timestamp, day } = signingTime(now)
    const signer = signingKey(credentials, day, region)
    const fields: Record<string, string> = {
      key,
      ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': signer.credential,
      'X-Amz-Date': timestamp,
      ...(credentials.sessionToken === undefined
        ? {}
        : { 'X-Amz-Security-Token': credentials.sessionToken }),
    }
    const policy = {
      expiration: new Date(now + expiresInSeconds * 1_000).toISOString(),
      conditions: [
        { bucket: context.backend.bucket },
        ...Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value]),
        ['content-length-range', minBytes, maxBytes],
      ],
    }
    fields['Policy'] = Buffer.from(JSON.stringify(policy)).toString('base64')
    fields['X-Amz-Signature'] = signer.sign(fields['Policy'])
    return {
      url: `${base}/`,
      fields,
      expiresAt: expiryOf(signed, expiresInSeconds, context.backend),
    }
  })
}
