import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keptError } from './kept-error.ts'

describe('keptError', () => {
  test.each([
    ['postgres://app:hunter2@db:5432/app', 'postgres://[redacted]@db:5432/app'],
    ['postgres://u:pa@ss@host', 'postgres://[redacted]@host'],
    ['"password":"correct horse"', '"password":"[redacted]"'],
    ['password=hunter2&user=me', 'password=[redacted]&user=me'],
    ['with bearer abcdef123456 in it', 'with bearer [redacted] in it'],
    ['key sk_live_51H8abcdefgh', 'key sk_live_[redacted]'],
    ['no secret: 12 staff at https://example.com/a', 'no secret: [redacted]'],
    [
      'no mail for 12 staff at https://example.com/a',
      'no mail for 12 staff at https://example.com/a',
    ],
  ])('shows no secret of %s', (message, shown) => {
    expect(keptError(new Error(message)).message).toBe(shown)
    expect(keptError(message).message).toBe(shown)
  })

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

  test('keeps anything but an error without printing what is in it', () => {
    expect(keptError('just text')).toEqual({ name: 'Error', message: 'just text' })
    expect(keptError({ token: 'x' })).toMatchObject({ message: 'an instance of Object' })
    expect(keptError(Object.create(null))).toEqual({ name: 'Error', message: 'an object' })
  })

  test('keeps a kilobyte of a message without splitting a character, and what can be stored', () => {
    const { message } = keptError('支'.repeat(1_000))
    expect(message).toBe('支'.repeat(341))
    expect(keptError('x'.repeat(5_000_000)).message).toHaveLength(1_024)
    expect(keptError('a\0b\ud800').message).toBe('ab\ufffd')
  })

  test('keeps an error whose fields are no texts', () => {
    const error = Object.assign(new Error('x'), { name: Symbol('n'), message: {}, code: {} })
    expect(keptError(error)).toEqual({ name: 'Error', message: '' })
  })
})

const secret = fc
  .string({ minLength: 0, maxLength: 30, unit: 'grapheme' })
  .map((text) => `PLANTED7${text}PLANTED`)

/** Letters that a value may have where nothing encloses it. */
const bare = fc.stringMatching(/^[\w@:#/+.~-]{0,30}$/).map((text) => `PLANTED7${text}PLANTED`)

const name = fc.constantFrom('password', 'dbPassword', 'api_key', 'X-Auth', 'clientSecret', 'token')

/** In what shapes errors quote secrets. */
const quoted = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('postgres', 'smtps', 'redis', 's3', 'https'),
      fc.constantFrom('u', ''),
      bare,
    )
    .map(([scheme, user, password]) => `${scheme}://${user}:${password}@host.example/x`),
  fc.tuple(name, secret).map(([key, value]) => JSON.stringify({ a: 1, [key]: value, b: 2 })),
  fc.tuple(name, secret).map(([key, value]) => JSON.stringify(JSON.stringify({ [key]: value }))),
  fc.tuple(name, secret).map(([key, value]) => JSON.stringify({ [key]: [value, { x: value }] })),
  fc.tuple(name, secret).map(([key, value]) => JSON.stringify([{ name: key, value }])),
  fc
    .tuple(name, secret)
    .map(([key, value]) => new URLSearchParams({ a: '1', [key]: value }).toString()),
  fc
    .tuple(name, secret)
    .map(([key, value]) => `${key}: ${value.replaceAll(/[\r\n]/g, ' ')}\nAccept: text/plain`),
  fc.tuple(name, secret).map(([key, value]) => `<${key}>${value.replaceAll('<', '&lt;')}</${key}>`),
  fc.tuple(name, bare).map(([key, value]) => `${key}=${value} next`),
  bare.map((value) => `Bearer ${value.replaceAll(/[@:#]/g, '-')}`),
  bare.map((value) => `got sk_live_${value.replaceAll(/[@:#]/g, '-')}`),
  secret.map((value) => `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----`),
)

test('a secret in any shape, anywhere in a message, a name or a code, is not kept', () => {
  const before = fc.oneof(
    fc.constantFrom('', 'failed: ', 'GET ', '(', '\n', '{"error":'),
    // Across the end of what is kept, and of what is read.
    fc.integer({ min: 960, max: 1_030 }).map((length) => `${'x'.repeat(length)} `),
    fc.integer({ min: 16_300, max: 16_400 }).map((length) => `${'x'.repeat(length)} `),
  )
  fc.assert(
    fc.property(before, quoted, (start, text) => {
      const message = `${start}${text}`
      const error = Object.assign(new Error(message), { name: text, code: text, outcome: text })
      expect(JSON.stringify([keptError(error), keptError(message)])).not.toContain('PLANTED')
    }),
    { numRuns: 3_000 },
  )
})
