import { createHash } from 'node:crypto'
import type { DeleteObjectsCommand } from '@aws-sdk/client-s3'

/**
 * Makes a command send Content-MD5 and no newer checksum. S3 wants either; stores that do not know the
 * newer ones refuse the request without it, and the SDK sends nothing but those.
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
