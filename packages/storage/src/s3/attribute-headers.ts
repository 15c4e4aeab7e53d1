import { encodeMetadata } from '../store/metadata-value.ts'
import type { ObjectAttributes } from '../store/object-info.ts'

/** The headers of a request that stores an object with these attributes, by lower-case name. */
export function attributeHeaders(attributes: ObjectAttributes): Record<string, string> {
  const { contentType, contentDisposition, cacheControl, contentEncoding } = attributes
  const { metadata = {}, tags } = attributes
  const headers: Record<string, string> = {}
  if (contentType !== undefined) headers['content-type'] = contentType
  if (contentDisposition !== undefined) headers['content-disposition'] = contentDisposition
  if (cacheControl !== undefined) headers['cache-control'] = cacheControl
  if (contentEncoding !== undefined) headers['content-encoding'] = contentEncoding
  for (const [name, value] of Object.entries(metadata)) {
    headers[`x-amz-meta-${name.toLowerCase()}`] = encodeMetadata(value)
  }
  if (tags !== undefined) headers['x-amz-tagging'] = taggingOf(tags)
  return headers
}

/** A query string, with spaces as `%20`: not every store reads a plus sign as a space. */
export function taggingOf(tags: Readonly<Record<string, string>>): string {
  return new URLSearchParams(tags).toString().replaceAll('+', '%20')
}
