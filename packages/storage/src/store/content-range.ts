import { failure, type ObjectCall } from './failure.ts'
import type { StorageError } from './storage-error.ts'

/** Which part of an object an answer holds: both ends inclusive. */
export interface ContentRange {
  readonly start: number
  readonly end: number
  readonly total: number
}

/** RFC 9110, 14.4, strictly: with a known length, and a range that lies within it. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(value ?? '')
  if (match === null) return undefined
  const [start, end, total] = match.slice(1).map(Number) as [number, number, number]
  return start <= end && end < total ? { start, end, total } : undefined
}

export function wrongRange(subject: ObjectCall): StorageError {
  const detail = 'the store answered with another range than it was asked for'
  return failure(subject, 'unexpected', { outcome: 'none', detail })
}
