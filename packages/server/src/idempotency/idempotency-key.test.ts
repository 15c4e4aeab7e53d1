import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readIdempotencyKey } from './idempotency-key.ts'

describe('Idempotency-Key', () => {
  test.each([
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"a b, c; d"', 'a b, c; d'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['order_1:2/3+4=', 'order_1:2/3+4='],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('%s is a key', (header, key) => {
    expect(readIdempotencyKey(header)).toEqual({ key })
  })

  test('that is missing says so', () => {
    expect(readIdempotencyKey(null)).toEqual({ fault: 'missing' })
  })

  test.each([
    ['empty', ''],
    ['an empty string', '""'],
    ['two keys', '"a", "b"'],
    ['two bare keys', 'a, b'],
    ['parameters', '"a";v=1'],
    ['an open quote', '"a'],
    ['a quote within', '"a"b"'],
    ['a wrong escape', '"a\\n"'],
    ['NUL', 'a\0b'],
    ['a line break', '"a\nb"'],
    ['bytes that are no ASCII', '"\xff\xfe"'],
    ['text that is no ASCII', '"鍵"'],
    ['bytes (an sf-binary)', ':aGVsbG8=:;'],
    ['one character too many', `"${'k'.repeat(256)}"`],
    ['10,000 characters', 'k'.repeat(10_000)],
  ])('is malformed: %s', (_what, header) => {
    expect(readIdempotencyKey(header)).toEqual({ fault: 'malformed' })
  })

  test('comes back whatever it is made of, quoted as RFC 8941 has it', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
      minLength: 1,
      maxLength: 255,
    })
    fc.assert(
      fc.property(text, (key) => {
        const header = `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`
        expect(readIdempotencyKey(header)).toEqual({ key })
      }),
    )
  })
})
