import { owner } from './bucket-handlers.ts'
import type { BucketContext } from './context.ts'
import { invalidArgument } from './errors.ts'
import { type Cursor, decodeToken, encodeToken, listPage } from './listing.ts'
import { countParameter, keyEncoder } from './query-values.ts'
import { replyXml, xmlTime } from './reply.ts'
import type { StoredObject } from './stored-object.ts'
import { xmlDocument, type XmlNode } from './xml.ts'

const maxPage = 1_000

function startOf(query: ReadonlyMap<string, string>, delimiter: string): Cursor | undefined {
  const token = query.get('continuation-token')
  if (token !== undefined) {
    const cursor = decodeToken(token)
    if (cursor) return cursor
    throw invalidArgument(
      'The continuation token provided is incorrect',
      'continuation-token',
      token,
    )
  }
  const after = query.get('start-after')
  if (!after) return undefined
  return { after, isPrefix: delimiter !== '' && after.endsWith(delimiter) }
}

export function entry(
  object: StoredObject,
  encode: (key: string) => string,
  withOwner: boolean,
): XmlNode {
  return [
    'Contents',
    [
      ['Key', encode(object.key)],
      ['LastModified', xmlTime(object.modifiedAt)],
      ['ETag', `"${object.etag}"`],
      ['ChecksumAlgorithm', object.checksum.algorithm],
      ['ChecksumType', object.checksum.type],
      ['Size', object.size],
      ['Owner', withOwner ? owner : undefined],
      ['StorageClass', 'STANDARD'],
    ],
  ]
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function listObjects({ bucket, request, response }: BucketContext): Promise<void> {
  const { query } = request
  const encode = keyEncoder(query)
  const maxKeys = countParameter(query, 'max-keys', maxPage)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const cursor = startOf(query, delimiter)
  const page =
    maxKeys === 0
      ? { keys: [], commonPrefixes: [], next: undefined }
      : listPage(bucket.objects.keys, { prefix, delimiter, cursor, maxKeys })
  const objects = page.keys.map((key) => bucket.object(key))
  const startAfter = query.get('start-after')
  const xml = xmlDocument('ListBucketResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
    ['StartAfter', startAfter && encode(startAfter)],
    ['ContinuationToken', query.get('continuation-token')],
    ['NextContinuationToken', page.next && encodeToken(page.next)],
    ['KeyCount', page.keys.length + page.commonPrefixes.length],
    ['MaxKeys', maxKeys],
    ['EncodingType', query.get('encoding-type')],
    ['IsTruncated', page.next !== undefined],
    ...objects.map((object) => entry(object, encode, query.get('fetch-owner') === 'true')),
    ...page.commonPrefixes.map((group) => ['CommonPrefixes', [['Prefix', encode(group)]]] as const),
  ])
  replyXml(response, 200, xml)
}
