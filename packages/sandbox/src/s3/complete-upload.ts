import { createHash } from 'node:crypto'
import {
  type Checksum,
  checksumElement,
  checksumHeader,
  coversParts,
  declaredChecksum,
  digestOf,
  Digests,
} from './checksums.ts'
import type { Blobs } from './blobs.ts'
import { writeGuard } from './conditions.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { openPayload, readPayload } from './payload.ts'
import { replyXml } from './reply.ts'
import { header } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import type { Upload, UploadedPart } from './uploads.ts'
import { xmlDocument } from './xml.ts'
import { childText, parseXml, type XmlElement } from './xml-parser.ts'

const maxParts = 10_000
const maxBodyBytes = 8 * 1_024 * 1_024

function parseComplete(body: string): readonly XmlElement[] {
  const root = parseXml(body)
  const parts = root.children
  const valid =
    root.name === 'CompleteMultipartUpload' &&
    parts.length > 0 &&
    parts.length <= maxParts &&
    parts.every((part) => part.name === 'Part')
  if (!valid) throw new S3Error('MalformedXML')
  return parts
}

/** The uploaded parts that the request names, each as the request describes it. */
function chooseParts(
  named: readonly XmlElement[],
  uploaded: readonly UploadedPart[],
  upload: Upload,
): UploadedPart[] {
  const byNumber = new Map(uploaded.map((part) => [part.number, part]))
  let previous = 0
  return named.map((element) => {
    const number = Number(childText(element, 'PartNumber'))
    const etag = childText(element, 'ETag')?.replaceAll('"', '')
    if (!Number.isInteger(number) || !etag) throw new S3Error('MalformedXML')
    if (number <= previous)
      throw new S3Error('InvalidPartOrder', undefined, { UploadId: upload.id })
    previous = number
    const part = byNumber.get(number)
    const sent = Object.entries(part?.checksums ?? {}).every(([algorithm, value]) => {
      const claimed = childText(element, `Checksum${algorithm}`)
      return claimed === undefined || claimed === value
    })
    if (!part || part.etag !== etag || !sent) {
      const details = { UploadId: upload.id, PartNumber: number, ETag: etag }
      throw new S3Error('InvalidPart', undefined, details)
    }
    requireChecksum(upload, element, number)
    return part
  })
}

function requireChecksum(
  { algorithm, checksumType }: Upload,
  element: XmlElement,
  number: number,
): void {
  if (!algorithm || checksumType !== 'COMPOSITE') return
  if (childText(element, checksumElement(algorithm)) !== undefined) return
  throw new S3Error(
    'InvalidRequest',
    `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
  )
}

function checkSizes(parts: readonly UploadedPart[], minPartSizeBytes: number): void {
  const small = parts.slice(0, -1).find((part) => part.segment.size < minPartSizeBytes)
  if (!small) return
  throw new S3Error('EntityTooSmall', undefined, {
    ProposedSize: small.segment.size,
    MinSizeAllowed: minPartSizeBytes,
    PartNumber: small.number,
    ETag: small.etag,
  })
}

/**
 * Of the bytes, or of the parts' checksums, with their number. S3 combines the CRCs of the parts; here the bytes
 * are read again, so that a client which combines them is held to something else than the same formula.
 */
async function objectChecksum(
  upload: Upload,
  parts: readonly UploadedPart[],
  blobs: Blobs,
): Promise<Checksum> {
  const algorithm = upload.algorithm ?? 'CRC64NVME'
  const type = upload.checksumType
  if (type === 'FULL_OBJECT' && coversParts(algorithm)) {
    const whole = new Digests([algorithm])
    const segments = parts.map(({ segment }) => segment)
    await using _ = blobs.pin(segments)
    for await (const chunk of blobs.read(segments, 0, Infinity)) whole.update(chunk)
    return { algorithm, type, value: whole.value(algorithm).toString('base64') }
  }
  const digests = parts.map((part) => Buffer.from(part.checksums[algorithm] ?? '', 'base64'))
  const value = digestOf(algorithm, Buffer.concat(digests)).toString('base64')
  return { algorithm, type, value: `${value}-${parts.length}` }
}

function checkDeclared({ message }: BucketContext, checksum: Checksum, size: number): void {
  const declared = declaredChecksum(Object.keys(message.headersDistinct))
  const value = declared && header(message, checksumHeader(declared))
  // A composite value may be sent with or without the number of parts.
  if (
    value !== undefined &&
    ![checksum.value, checksum.value.replace(/-\d+$/, '')].includes(value)
  ) {
    throw new S3Error(
      'BadDigest',
      `The ${declared} you specified did not match the calculated checksum.`,
    )
  }
  const claimed = header(message, 'x-amz-mp-object-size')
  if (claimed !== undefined && claimed !== String(size)) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${claimed} does not match what was computed: ${size}`,
    )
  }
}

/**
 * Joins the parts into an object: its sidecar names their files in order, so not a byte is copied.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export async function completeUpload(context: BucketContext): Promise<void> {
  const { authorization, bucket, keyring, message, minPartSizeBytes, request, response } = context
  const { key } = request
  const id = request.query.get('uploadId') ?? ''
  const guard = writeGuard(message)
  // The checksum headers of this request speak of the object, not of its own body.
  const body = await readPayload(
    openPayload(message, authorization, { checksums: 'ignore' }),
    maxBodyBytes,
  )
  const named = parseComplete(body.toString('utf8'))
  const upload = bucket.uploads.get(key, id)
  const parts = chooseParts(named, bucket.uploads.parts(key, id), upload)
  checkSizes(parts, minPartSizeBytes)
  const segments = parts.map((part) => part.segment)
  const size = segments.reduce((sum, segment) => sum + segment.size, 0)
  const checksum = await objectChecksum(upload, parts, bucket.blobs)
  checkDeclared(context, checksum, size)
  const md5 = createHash('md5')
  for (const part of parts) md5.update(part.etag, 'hex')
  const object: StoredObject = {
    key,
    size,
    etag: `${md5.digest('hex')}-${parts.length}`,
    modifiedAt: keyring.now(),
    headers: upload.headers,
    tags: upload.tags,
    checksum,
    segments,
  }
  let all: UploadedPart[] = []
  await bucket.objects.commit(object, (current) => {
    guard(current)
    all = bucket.uploads.claim(key, id, parts)
  })
  await bucket.uploads.bury(
    id,
    all.filter((part) => !parts.includes(part)),
  )
  const xml = xmlDocument('CompleteMultipartUploadResult', [
    ['Location', `http://${message.headers.host ?? ''}/${bucket.name}/${key}`],
    ['Bucket', bucket.name],
    ['Key', key],
    ['ETag', `"${object.etag}"`],
    ['ChecksumType', checksum.type],
    [checksumElement(checksum.algorithm), checksum.value],
  ])
  replyXml(response, 200, xml, { 'x-amz-server-side-encryption': 'AES256' })
}
