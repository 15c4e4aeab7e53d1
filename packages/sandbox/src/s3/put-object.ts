import type { Checksum, ChecksumAlgorithm, Digests } from './checksums.ts'
import { writeGuard } from './conditions.ts'
import type { BucketContext } from './context.ts'
import { storedHeaders, writtenHeaders } from './object-headers.ts'
import { openPayload } from './payload.ts'
import { replyEmpty } from './reply.ts'
import { header } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { parseTags } from './tags.ts'

/** The ETag and checksum of an object that was written in one piece. */
export function wholeObjectDigests(
  digests: Digests,
  algorithm: ChecksumAlgorithm,
): { etag: string; checksum: Checksum } {
  const value = digests.value(algorithm).toString('base64')
  return {
    etag: digests.value('MD5').toString('hex'),
    checksum: { algorithm, value, type: 'FULL_OBJECT' },
  }
}

export async function putObject(context: BucketContext): Promise<void> {
  const { authorization, bucket, keyring, message, request, response } = context
  const headers = storedHeaders(message)
  const tags = parseTags(header(message, 'x-amz-tagging'))
  const guard = writeGuard(message)
  const payload = openPayload(message, authorization)
  const segment = await bucket.blobs.write(payload.chunks)
  const object: StoredObject = {
    key: request.key,
    size: segment.size,
    modifiedAt: keyring.now(),
    headers,
    tags,
    segments: [segment],
    ...wholeObjectDigests(payload.digests, payload.declared ?? 'CRC64NVME'),
  }
  await bucket.keep(object, guard)
  replyEmpty(response, 200, writtenHeaders(object))
}
