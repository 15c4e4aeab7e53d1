import { pipeline } from 'node:stream/promises'
import { checksumHeader } from './checksums.ts'
import { checkRead, matchesEtag } from './conditions.ts'
import type { BucketContext } from './context.ts'
import { S3Error } from './errors.ts'
import { readHeaders } from './object-headers.ts'
import { type ByteRange, parseRange, partRange } from './ranges.ts'
import { replyEmpty } from './reply.ts'
import { header } from './request.ts'
import type { StoredObject } from './stored-object.ts'

/** The part of the object that is asked for, or `undefined` for all of it. */
function requestedRange(context: BucketContext, object: StoredObject): ByteRange | undefined {
  const { message, request } = context
  const part = request.query.get('partNumber')
  const range = header(message, 'range')
  if (part !== undefined) {
    if (range !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        'Cannot specify both Range header and partNumber query parameter',
      )
    }
    return partRange(object, part)
  }
  const ifRange = header(message, 'if-range')
  if (ifRange !== undefined && !matchesEtag(ifRange, object.etag)) return undefined
  return parseRange(range, object.size)
}

/** GET and HEAD of an object: conditions, then range, then bytes as fast as the client takes them. */
export async function getObject(context: BucketContext): Promise<void> {
  const { bucket, message, request, response } = context
  const object = bucket.object(request.key)
  const headers = readHeaders(request, object)
  if (checkRead(message, object) === 'not-modified') {
    const { etag, 'last-modified': modified } = headers
    response.writeHead(304, { etag, 'last-modified': modified }).end()
    return
  }
  const range = requestedRange(context, object)
  const { start, end } = range ?? { start: 0, end: object.size - 1 }
  headers['content-length'] = String(end - start + 1)
  const multipart = object.etag.includes('-')
  if (multipart && request.query.has('partNumber')) {
    headers['x-amz-mp-parts-count'] = String(object.segments.length)
  }
  if (range && object.size > 0) headers['content-range'] = `bytes ${start}-${end}/${object.size}`
  // The checksum is one of the whole object, so a range does not carry it.
  if (!range && header(message, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    headers[checksumHeader(object.checksum.algorithm)] = object.checksum.value
    headers['x-amz-checksum-type'] = object.checksum.type
  }
  response.writeHead(range ? 206 : 200, headers)
  if (message.method === 'HEAD') {
    response.end()
    return
  }
  await using _ = bucket.blobs.pin(object.segments)
  await pipeline(bucket.blobs.read(object.segments, start, end), response)
}

/** Deleting what is not there is a success. */
export async function deleteObject({
  bucket,
  message,
  request,
  response,
}: BucketContext): Promise<void> {
  const ifMatch = header(message, 'if-match')
  await bucket.objects.remove(request.key, (current) => {
    if (ifMatch === undefined || !current || matchesEtag(ifMatch, current.etag)) return
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' })
  })
  replyEmpty(response, 204)
}
