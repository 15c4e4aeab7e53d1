import { createHash } from 'node:crypto'
import type { DeleteObjectsCommand } from '@aws-sdk/client-s3'

/**
 * Makes a command send Content-MD5 instead of a newer checksum. S3 requires one of them. The SDK sends only
 * the newer ones, and stores that do not know these refuse a request without Content-MD5.
 */
export function sendContentMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as {
        readonly headers: Record<string, string>
        readonly body: string | Uint8Array
      }
      for (const name of Object.keys(headers)) {
        if (/^x-amz-(?:sdk-)?checksum-/i.test(name)) delete headers[name]
      }
      headers['content-md5'] = createHash('md5').update(body).digest('base64')
      return next(args)
    },
    // After the SDK's own checksums, before the signature.
    { name: 'contentMd5', step: 'build', priority: 'low' },
  )
}
