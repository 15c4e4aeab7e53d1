import { owner } from './bucket-handlers.ts'
import { checksumElement } from './checksums.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { countParameter, keyEncoder } from './query-values.ts'
import { replyXml, xmlTime } from './reply.ts'
import { compareKeys } from './sorted-keys.ts'
import type { Upload } from './uploads.ts'
import { xmlDocument } from './xml.ts'

const maxPage = 1_000

/** The uploads behind the markers; without an upload id, those of the key itself are skipped. */
function afterMarkers(uploads: readonly Upload[], key: string, id: string): readonly Upload[] {
  if (key === '') return uploads
  const marked =
    id === '' ? -1 : uploads.findIndex((upload) => upload.key === key && upload.id === id)
  if (marked !== -1) return uploads.slice(marked + 1)
  return uploads.filter((upload) => compareKeys(upload.key, key) > 0)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export async function listUploads({ bucket, request, response }: BucketContext): Promise<void> {
  const { query } = request
  const encode = keyEncoder(query)
  const limit = countParameter(query, 'max-uploads', maxPage)
  const prefix = query.get('prefix') ?? ''
  if (query.get('delimiter'))
    throw new S3Error('NotImplemented', undefined, { Header: 'delimiter' })
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const matching = bucket.uploads.list().filter((upload) => upload.key.startsWith(prefix))
  const rest = afterMarkers(matching, keyMarker, idMarker)
  const page = rest.slice(0, limit)
  const truncated = limit > 0 && rest.length > page.length
  const last = truncated ? page.at(-1) : undefined
  const entries = page.map(
    (upload) =>
      [
        'Upload',
        [
          ['Key', encode(upload.key)],
          ['UploadId', upload.id],
          ['Initiator', owner],
          ['Owner', owner],
          ['StorageClass', 'STANDARD'],
          ['Initiated', xmlTime(upload.startedAt)],
          ['ChecksumAlgorithm', upload.algorithm],
          ['ChecksumType', upload.algorithm && upload.checksumType],
        ],
      ] as const,
  )
  const xml = xmlDocument('ListMultipartUploadsResult', [
    ['Bucket', bucket.name],
    ['KeyMarker', encode(keyMarker)],
    ['UploadIdMarker', idMarker],
    ['NextKeyMarker', last && encode(last.key)],
    ['NextUploadIdMarker', last?.id],
    ['Prefix', prefix === '' ? undefined : encode(prefix)],
    ['EncodingType', query.get('encoding-type')],
    ['MaxUploads', limit],
    ['IsTruncated', truncated],
    ...entries,
  ])
  replyXml(response, 200, xml)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export async function listParts({ bucket, request, response }: BucketContext): Promise<void> {
  const { key, query } = request
  const id = query.get('uploadId') ?? ''
  const limit = countParameter(query, 'max-parts', maxPage)
  const marker = countParameter(query, 'part-number-marker', 10_000)
  const from = query.get('part-number-marker') ? marker : 0
  const upload = bucket.uploads.get(key, id)
  const rest = bucket.uploads.parts(key, id).filter((part) => part.number > from)
  const page = rest.slice(0, limit)
  const truncated = limit > 0 && rest.length > page.length
  const { algorithm } = upload
  const entries = page.map(
    (part) =>
      [
        'Part',
        [
          ['PartNumber', part.number],
          ['LastModified', xmlTime(part.modifiedAt)],
          ['ETag', `"${part.etag}"`],
          ...(algorithm
            ? ([[checksumElement(algorithm), part.checksums[algorithm]]] as const)
            : []),
          ['Size', part.segment.size],
        ],
      ] as const,
  )
  const xml = xmlDocument('ListPartsResult', [
    ['Bucket', bucket.name],
    ['Key', key],
    ['UploadId', id],
    ['PartNumberMarker', from],
    ['NextPartNumberMarker', page.at(-1)?.number ?? 0],
    ['MaxParts', limit],
    ['IsTruncated', truncated],
    ['Initiator', owner],
    ['Owner', owner],
    ['StorageClass', 'STANDARD'],
    ['ChecksumAlgorithm', algorithm],
    ['ChecksumType', algorithm && upload.checksumType],
    ...entries,
  ])
  replyXml(response, 200, xml)
}
