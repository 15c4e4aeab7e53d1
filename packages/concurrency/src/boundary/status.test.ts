import { describe, expect, test } from 'vitest'
import { codeOfStatus, outcomeOfStatus, TRANSIENT_STATUSES } from './status.ts'

describe('the status of an answer', () => {
  test.each([
    [200, 'unexpected'],
    [302, 'unexpected'],
    [304, 'unexpected'],
    [400, 'invalid_request'],
    [401, 'unauthenticated'],
    [402, 'invalid_request'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [408, 'timeout'],
    [409, 'conflict'],
    [410, 'not_found'],
    [412, 'precondition_failed'],
    [418, 'invalid_request'],
    [422, 'invalid_request'],
    [425, 'unavailable'],
    [428, 'precondition_failed'],
    [429, 'rate_limited'],
    [500, 'unavailable'],
    [501, 'unsupported'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [505, 'unsupported'],
    [599, 'unavailable'],
  ])('%i is %s', (status, code) => {
    expect(codeOfStatus(status)).toBe(code)
  })

  test('says none only where the request was not acted upon: a gateway may have passed it on', () => {
    const statuses = Array.from({ length: 500 }, (_, index) => 100 + index)
    const none = statuses.filter((status) => outcomeOfStatus(status, 'write') === 'none')
    const refusals = statuses.filter((each) => each >= 400 && each < 500)
    const open = new Set([408, 499])
    expect(none).toEqual(
      [304, 307, 308, ...refusals, 501, 505].filter((status) => !open.has(status)),
    )
    expect(statuses.filter((status) => outcomeOfStatus(status, 'idempotent') === 'none')).toEqual(
      none,
    )
    expect(new Set(statuses.map((status) => outcomeOfStatus(status, 'read')))).toEqual(
      new Set(['none']),
    )
  })

  test('may be gone the next time', () => {
    expect([...TRANSIENT_STATUSES]).toEqual([408, 425, 429, 500, 502, 503, 504])
  })
})
