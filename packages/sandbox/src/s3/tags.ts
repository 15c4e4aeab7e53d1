import { S3Error } from './errors.ts'
import type { StoredObject } from './stored-object.ts'
import { xmlDocument } from './xml.ts'
import { childText, parseXml } from './xml-parser.ts'

const maxTags = 10
const maxNameLength = 128
const maxValueLength = 256
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/**
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 * @throws S3Error `InvalidTag`, `BadRequest` for more than 10
 */
function checkTags(tags: StoredObject['tags']): StoredObject['tags'] {
  if (tags.length > maxTags) {
    throw new S3Error('BadRequest', `Object tags cannot be greater than ${maxTags}`)
  }
  for (const [name, text] of tags) {
    if (name === '' || name.length > maxNameLength || !allowed.test(name)) {
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid', { TagKey: name })
    }
    if (text.length > maxValueLength || !allowed.test(text)) {
      throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid', { TagKey: name })
    }
  }
  if (new Set(tags.map(([name]) => name)).size !== tags.length) {
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
  }
  return tags
}

/** Parses the header `x-amz-tagging: a=1&b=2`. */
export function parseTags(value: string | undefined): StoredObject['tags'] {
  return checkTags([...new URLSearchParams(value ?? '')])
}

/** Parses the form field `tagging`, which is XML. @throws S3Error `MalformedXML` */
export function parseTaggingDocument(xml: string | undefined): StoredObject['tags'] {
  if (xml === undefined) return []
  const root = parseXml(xml)
  const [set] = root.children
  if (root.name !== 'Tagging' || set?.name !== 'TagSet') throw new S3Error('MalformedXML')
  const pairs = set.children.map((tag) => {
    const [name, value] = [childText(tag, 'Key'), childText(tag, 'Value')]
    if (name === undefined || value === undefined) throw new S3Error('MalformedXML')
    return [name, value] as const
  })
  return checkTags(pairs)
}

export function taggingDocument(tags: StoredObject['tags']): string {
  const set = tags.map(
    ([name, value]) =>
      [
        'Tag',
        [
          ['Key', name],
          ['Value', value],
        ],
      ] as const,
  )
  return xmlDocument('Tagging', [['TagSet', set]])
}
