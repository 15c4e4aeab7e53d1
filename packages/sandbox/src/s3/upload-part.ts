import { type ChecksumAlgorithm, checksumElement, checksumHeader, Digests } from './checksums.ts'
import type { BucketContext } from './context.ts'
import { copySource, digested } from './copy-object.ts'
import { invalidArgument, S3Error } from './errors.ts'
import { openPayload } from './payload.ts'
import { parseCopyRange } from './ranges.ts'
import { replyEmpty, replyXml, xmlTime } from './reply.ts'
import { header } from './request.ts'
import type { Upload, UploadedPart } from './uploads.ts'
import { xmlDocument } from './xml.ts'

const maxPartNumber = 10_000

function partNumber(query: ReadonlyMap<string, string>): number {
  const text = query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= maxPartNumber) return number
  throw invalidArgument(
    `Part number must be an integer between 1 and ${maxPartNumber}, inclusive`,
    'partNumber',
    text,
  )
}

/** A part's checksum must be of the algorithm that the upload was begun with. */
function checkAlgorithm(upload: Upload, declared: ChecksumAlgorithm | undefined): void {
  const { algorithm, checksumType } = upload
  if (algorithm === undefined || declared === algorithm) return
  if (declared === undefined && checksumType === 'FULL_OBJECT') return
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${declared?.toLowerCase() ?? 'null'}`,
  )
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(context: BucketContext): Promise<void> {
  const { authorization, bucket, keyring, message, request, response } = context
  const number = partNumber(request.query)
  const id = request.query.get('uploadId') ?? ''
  const upload = bucket.uploads.get(request.key, id)
  const payload = openPayload(message, authorization, {
    also: [upload.algorithm ?? 'CRC64NVME'],
  })
  checkAlgorithm(upload, payload.declared)
  const segment = await bucket.blobs.write(payload.chunks)
  const part: UploadedPart = {
    number,
    segment,
    etag: payload.digests.value('MD5').toString('hex'),
    modifiedAt: keyring.now(),
    checksums: payload.digests.all(),
  }
  await bucket.uploads.put(request.key, id, part)
  const shown = payload.declared ?? upload.algorithm ?? 'CRC64NVME'
  replyEmpty(response, 200, {
    etag: `"${part.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(shown)]: part.checksums[shown] ?? '',
  })
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(context: BucketContext): Promise<void> {
  const { bucket, keyring, message, request, response } = context
  const number = partNumber(request.query)
  const id = request.query.get('uploadId') ?? ''
  const upload = bucket.uploads.get(request.key, id)
  const source = await copySource(context)
  const range = parseCopyRange(header(message, 'x-amz-copy-source-range'), source.object.size)
  const algorithm = upload.algorithm ?? 'CRC64NVME'
  const digests = new Digests(['MD5', algorithm])
  await using _ = source.bucket.blobs.pin(source.object.segments)
  const bytes = source.bucket.blobs.read(source.object.segments, range.start, range.end)
  const segment = await bucket.blobs.write(digested(bytes, digests))
  const part: UploadedPart = {
    number,
    segment,
    etag: digests.value('MD5').toString('hex'),
    modifiedAt: keyring.now(),
    checksums: digests.all(),
  }
  await bucket.uploads.put(request.key, id, part)
  const xml = xmlDocument('CopyPartResult', [
    ['LastModified', xmlTime(part.modifiedAt)],
    ['ETag', `"${part.etag}"`],
    [checksumElement(algorithm), part.checksums[algorithm]],
  ])
  replyXml(response, 200, xml, { 'x-amz-server-side-encryption': 'AES256' })
}
