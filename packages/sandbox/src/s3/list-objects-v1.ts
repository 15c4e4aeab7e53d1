import type { BucketContext } from './context.ts'
import { entry } from './list-objects.ts'
import { type Cursor, listPage } from './listing.ts'
import { countParameter, keyEncoder } from './query-values.ts'
import { replyXml } from './reply.ts'
import { xmlDocument } from './xml.ts'

const maxPage = 1_000

/**
 * The older list, which tools still ask for. It goes on after a key and not after a token; without a delimiter
 * its answer does not name that key, as it is the last of the page.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
 */
export async function listObjectsV1({ bucket, request, response }: BucketContext): Promise<void> {
  const { query } = request
  const encode = keyEncoder(query)
  const maxKeys = countParameter(query, 'max-keys', maxPage)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const marker = query.get('marker') ?? ''
  const isPrefix = delimiter !== '' && marker.endsWith(delimiter)
  const cursor: Cursor | undefined = marker === '' ? undefined : { after: marker, isPrefix }
  const page =
    maxKeys === 0
      ? { keys: [], commonPrefixes: [], next: undefined }
      : listPage(bucket.objects.keys, { prefix, delimiter, cursor, maxKeys })
  const next = delimiter === '' ? undefined : page.next?.after
  const objects = page.keys.map((key) => bucket.object(key))
  const xml = xmlDocument('ListBucketResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['Marker', encode(marker)],
    ['NextMarker', next && encode(next)],
    ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
    ['MaxKeys', maxKeys],
    ['EncodingType', query.get('encoding-type')],
    ['IsTruncated', page.next !== undefined],
    ...objects.map((object) => entry(object, encode, true)),
    ...page.commonPrefixes.map((group) => ['CommonPrefixes', [['Prefix', encode(group)]]] as const),
  ])
  replyXml(response, 200, xml)
}
