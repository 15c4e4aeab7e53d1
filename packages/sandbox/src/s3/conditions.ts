import type { IncomingMessage } from 'node:http'
import { S3Error } from './errors.ts'
import type { Guard } from './object-index.ts'
import { header } from './request.ts'
import type { StoredObject } from './stored-object.ts'

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { Condition: condition })
}

/** Does a list of entity tags (`"a", W/"b"`, `*`, or bare) name this one? */
export function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim().replace(/^W\//, '').replaceAll('"', '')
    return tag === '*' || tag === etag
  })
}

/** Compared by the second, as HTTP dates have no more. An unreadable date is ignored. */
function isAfter(object: StoredObject, date: string | undefined): boolean | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(time) ? undefined : Math.floor(object.modifiedAt / 1_000) * 1_000 > time
}

/**
 * The four read conditions, in the order of RFC 9110, 13.2.2: an entity tag outranks a date.
 * @param prefix `x-amz-copy-source-` for the source of a copy.
 * @throws S3Error `PreconditionFailed`
 */
export function checkRead(
  message: IncomingMessage,
  object: StoredObject,
  prefix = '',
): 'proceed' | 'not-modified' {
  const condition = (name: string): string | undefined => header(message, `${prefix}${name}`)
  const ifMatch = condition('if-match')
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, object.etag)) throw failed('If-Match')
  } else if (isAfter(object, condition('if-unmodified-since')) === true) {
    throw failed('If-Unmodified-Since')
  }
  const ifNoneMatch = condition('if-none-match')
  if (ifNoneMatch !== undefined) {
    return matchesEtag(ifNoneMatch, object.etag) ? 'not-modified' : 'proceed'
  }
  return isAfter(object, condition('if-modified-since')) === false ? 'not-modified' : 'proceed'
}

/**
 * The conditions of a write, to be checked in the very turn that makes it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function writeGuard(message: IncomingMessage): Guard {
  const ifNoneMatch = header(message, 'if-none-match')
  const ifMatch = header(message, 'if-match')
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', undefined, { Header: 'If-None-Match' })
  }
  return (current) => {
    if (ifNoneMatch === '*' && current) throw failed('If-None-Match')
    if (ifMatch === undefined) return
    if (!current) throw new S3Error('NoSuchKey')
    if (!matchesEtag(ifMatch, current.etag)) throw failed('If-Match')
  }
}
