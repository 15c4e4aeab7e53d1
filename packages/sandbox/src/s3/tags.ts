import { S3Error } from './errors.ts'
import type { StoredObject } from './stored-object.ts'
import { xmlDocument } from './xml.ts'

const maxTags = 10
const maxNameLength = 128
const maxValueLength = 256
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/**
 * Parses `x-amz-tagging: a=1&b=2`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 * @throws S3Error `InvalidTag`, `BadRequest` for more than 10
 */
export function parseTags(value: string | undefined): StoredObject['tags'] {
  const tags = [...new URLSearchParams(value ?? '')]
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
