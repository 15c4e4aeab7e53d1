import { describe, expect, test } from 'vitest'
import { keptError, redact } from './redact.ts'

describe('redact', () => {
  test.each([
    ['postgres://app:hunter2@db:5432/app', 'postgres://app:***@db:5432/app'],
    ['redis://:hunter2@cache', 'redis://:***@cache'],
    ['Authorization: Bearer abcdef123456', 'Authorization: *** ***'],
    ['with bearer abcdef123456 in it', 'with bearer *** in it'],
    ['key sk_live_51H8abcdefgh and whsec_abcdefgh1234', 'key sk_live_*** and whsec_***'],
    ['password=hunter2&user=me', 'password=***&user=me'],
    ['{"client_secret":"hunter2","id":1}', '{"client_secret":"***","id":1}'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'jwt ***'],
    ['?X-Amz-Signature=abc123&x=1', '?X-Amz-Signature=***&x=1'],
    [
      'nothing private: 12 staff at https://example.com/a',
      'nothing private: 12 staff at https://example.com/a',
    ],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test('cuts at a kilobyte without splitting a character', () => {
    const cut = redact('支'.repeat(1_000))
    expect(Buffer.byteLength(cut)).toBe(1_023)
    expect(cut).toBe('支'.repeat(341))
    expect(redact('x'.repeat(5_000_000))).toHaveLength(1_024)
  })
})

describe('keptError', () => {
  test('keeps name, code, outcome and message, and nothing else', () => {
    const error = Object.assign(new TypeError('bad', { cause: new Error('deeper') }), {
      code: 'E_BAD',
      outcome: 'unknown',
      response: { secret: 'x' },
    })
    expect(keptError(error)).toEqual({
      name: 'TypeError',
      message: 'bad',
      code: 'E_BAD',
      outcome: 'unknown',
    })
  })

  test('keeps what is no error without printing what is in it', () => {
    expect(keptError('just text')).toEqual({ name: 'Error', message: 'just text' })
    expect(keptError({ token: 'x' })).toEqual({ name: 'Error', message: 'an object' })
    expect(keptError(Object.create(null))).toEqual({ name: 'Error', message: 'an object' })
  })
})
