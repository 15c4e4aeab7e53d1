import {
  type ChecksumAlgorithm,
  type ChecksumType,
  coversParts,
  parseAlgorithm,
} from './checksums.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { storedHeaders } from './object-headers.ts'
import { replyEmpty, replyXml } from './reply.ts'
import { header } from './request.ts'
import { parseTags } from './tags.ts'
import { xmlDocument } from './xml.ts'

/**
 * Only CRCs can cover a whole object from its parts, and CRC64NVME does nothing else.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function checksumTypeFor(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const type = asked?.toUpperCase() ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const impossible =
    (type === 'FULL_OBJECT' && !coversParts(algorithm)) ||
    (type === 'COMPOSITE' && algorithm === 'CRC64NVME')
  if (impossible) {
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  }
  if (type === 'FULL_OBJECT' || type === 'COMPOSITE') return type
  throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.')
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export async function createUpload(context: BucketContext): Promise<void> {
  const { bucket, keyring, message, request, response } = context
  const headers = storedHeaders(message)
  const tags = parseTags(header(message, 'x-amz-tagging'))
  const named = header(message, 'x-amz-checksum-algorithm')
  const askedType = header(message, 'x-amz-checksum-type')
  if (named === undefined && askedType !== undefined) {
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const algorithm = named === undefined ? undefined : parseAlgorithm(named)
  const upload = await bucket.uploads.begin({
    key: request.key,
    startedAt: keyring.now(),
    headers,
    tags,
    ...(algorithm && { algorithm }),
    checksumType: checksumTypeFor(algorithm ?? 'CRC64NVME', askedType),
  })
  const xml = xmlDocument('InitiateMultipartUploadResult', [
    ['Bucket', bucket.name],
    ['Key', upload.key],
    ['UploadId', upload.id],
  ])
  replyXml(response, 200, xml, {
    'x-amz-server-side-encryption': 'AES256',
    ...(algorithm && {
      'x-amz-checksum-algorithm': algorithm,
      'x-amz-checksum-type': upload.checksumType,
    }),
  })
}

/** Aborting answers when nothing of the upload is left. */
export async function abortUpload({ bucket, request, response }: BucketContext): Promise<void> {
  const id = request.query.get('uploadId') ?? ''
  await bucket.uploads.bury(id, bucket.uploads.claim(request.key, id))
  replyEmpty(response, 204)
}
