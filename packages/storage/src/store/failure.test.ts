import { describe, expect, test } from 'vitest'
import { failure, notRetryable, withUnknownOutcome } from './failure.ts'
import type { StorageErrorCode } from './storage-error.ts'

const CODES: Readonly<Record<StorageErrorCode, true>> = {
  not_found: true,
  bucket_not_found: true,
  precondition_failed: true,
  conflict: true,
  forbidden: true,
  clock_skew: true,
  wrong_region: true,
  too_large: true,
  too_small: true,
  checksum_mismatch: true,
  range_not_satisfiable: true,
  insufficient_storage: true,
  rate_limited: true,
  overloaded: true,
  acquire_timeout: true,
  unsupported: true,
  invalid_request: true,
  unavailable: true,
  connection_failed: true,
  connection_lost: true,
  stalled: true,
  source_failed: true,
  incomplete_upload: true,
  invalid_token: true,
  unauthenticated: true,
  closed: true,
  unexpected: true,
}

/** What only `outcome` may say. */
const CLAIM = /nothing|\bno effect|un(?:changed|touched)|not (?:sent|stored|changed|written|made)/

const call = { operation: 'upload', key: 'plans/1' }

describe('the words of an error leave it to its outcome what was done', () => {
  test.each(Object.keys(CODES) as StorageErrorCode[])('%s', (code) => {
    const none = failure(call, code, { outcome: 'none' })
    const made = failure(call, code, { outcome: 'unknown' })
    const later = withUnknownOutcome(notRetryable(none, 'begin anew'))
    for (const error of [none, made, later]) expect(error.message).not.toMatch(CLAIM)
    expect([none.outcome, made.outcome, later.outcome]).toEqual(['none', 'unknown', 'unknown'])
  })
})
