import type { Bucket } from './bucket.ts'
import { checksumElement, Digests, parseAlgorithm } from './checksums.ts'
import { checkRead, writeGuard } from './conditions.ts'
import type { BucketContext, Context } from './context.ts'
import { invalidArgument, S3Error } from './errors.ts'
import { storedHeaders } from './object-headers.ts'
import { wholeObjectDigests } from './put-object.ts'
import { replyXml, xmlTime } from './reply.ts'
import { header } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { parseTags } from './tags.ts'
import { xmlDocument } from './xml.ts'

const maxCopyBytes = 5 * 1_024 ** 3

/** The object that `x-amz-copy-source` names, once its `x-amz-copy-source-if-*` conditions hold. */
export async function copySource(
  context: Context,
): Promise<{ bucket: Bucket; object: StoredObject }> {
  const text = header(context.message, 'x-amz-copy-source') ?? ''
  const [path = '', version] = text.split('?versionId=')
  let decoded: string
  try {
    decoded = decodeURIComponent(path).replace(/^\//, '')
  } catch {
    throw invalidArgument('Invalid copy source encoding.', 'x-amz-copy-source', text)
  }
  const slash = decoded.indexOf('/')
  if (slash < 1 || slash === decoded.length - 1) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', text)
  }
  if (version !== undefined) throw new S3Error('NotImplemented', 'Versioning is not implemented')
  const bucket = await context.store.bucket(decoded.slice(0, slash))
  const object = bucket.object(decoded.slice(slash + 1))
  if (checkRead(context.message, object, 'x-amz-copy-source-') === 'not-modified') {
    throw new S3Error('PreconditionFailed', undefined, {
      Condition: 'x-amz-copy-source-If-None-Match',
    })
  }
  return { bucket, object }
}

/** Passes bytes on and digests them on the way. */
export async function* digested(
  chunks: AsyncIterable<Buffer>,
  digests: Digests,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    digests.update(chunk)
    yield chunk
  }
}

function directive(context: Context, name: string): 'COPY' | 'REPLACE' {
  const value = header(context.message, name) ?? 'COPY'
  if (value === 'COPY' || value === 'REPLACE') return value
  throw invalidArgument('Unknown directive.', name, value)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(context: BucketContext): Promise<void> {
  const { bucket, keyring, message, request, response } = context
  const own = storedHeaders(message)
  const ownTags = parseTags(header(message, 'x-amz-tagging'))
  const guard = writeGuard(message)
  const metadata = directive(context, 'x-amz-metadata-directive')
  const tagging = directive(context, 'x-amz-tagging-directive')
  const asked = header(message, 'x-amz-checksum-algorithm')
  const source = await copySource(context)
  const onItself = source.bucket === bucket && source.object.key === request.key
  if (onItself && metadata === 'COPY') {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
  if (source.object.size > maxCopyBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopyBytes}`,
    )
  }
  const algorithm = asked === undefined ? source.object.checksum.algorithm : parseAlgorithm(asked)
  const digests = new Digests(['MD5', algorithm])
  await using _ = source.bucket.blobs.pin(source.object.segments)
  const bytes = source.bucket.blobs.read(source.object.segments, 0, source.object.size - 1)
  const segment = await bucket.blobs.write(digested(bytes, digests))
  const object: StoredObject = {
    key: request.key,
    size: segment.size,
    modifiedAt: keyring.now(),
    headers: metadata === 'COPY' ? source.object.headers : own,
    tags: tagging === 'COPY' ? source.object.tags : ownTags,
    segments: [segment],
    ...wholeObjectDigests(digests, algorithm),
  }
  await bucket.keep(object, guard)
  const xml = xmlDocument('CopyObjectResult', [
    ['ETag', `"${object.etag}"`],
    ['LastModified', xmlTime(object.modifiedAt)],
    ['ChecksumType', object.checksum.type],
    [checksumElement(algorithm), object.checksum.value],
  ])
  replyXml(response, 200, xml, { 'x-amz-server-side-encryption': 'AES256' })
}
