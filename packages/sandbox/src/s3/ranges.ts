import { S3Error } from './errors.ts'
import type { StoredObject } from './stored-object.ts'

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * A `Range` header against an object's size. `undefined`: the whole object, for S3 ignores a range
 * that it cannot read and one that asks for several.
 * @throws S3Error `InvalidRange` when it begins behind the last byte.
 */
export function parseRange(value: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (!suffix && match[2] !== '' && Number(match[2]) < start) return undefined
  if (start >= size) {
    throw new S3Error('InvalidRange', undefined, { RangeRequested: value!, ActualObjectSize: size })
  }
  return { start, end }
}

/** The bytes of one part of a multipart object. @throws S3Error `InvalidPartNumber` */
export function partRange(object: StoredObject, text: string): ByteRange {
  const number = Number(text)
  const segment = object.segments[number - 1]
  if (!/^\d{1,5}$/.test(text) || !segment) {
    throw new S3Error('InvalidPartNumber', undefined, {
      PartNumberRequested: text,
      ActualPartCount: object.segments.length,
    })
  }
  const start = object.segments.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0)
  return { start, end: start + segment.size - 1 }
}

/** The range of an UploadPartCopy, where S3 demands both ends and both within the source. */
export function parseCopyRange(value: string | undefined, size: number): ByteRange {
  if (value === undefined) return { start: 0, end: size - 1 }
  const match = /^bytes=(\d+)-(\d+)$/.exec(value)
  if (!match || Number(match[2]) < Number(match[1])) {
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: value },
    )
  }
  if (Number(match[2]) >= size) {
    throw new S3Error(
      'InvalidArgument',
      `Range specified is not valid for source object of size: ${size}`,
      { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: value },
    )
  }
  return { start: Number(match[1]), end: Number(match[2]) }
}
