import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { encryption } from './encryption.ts'
import { EncryptionError } from './encryption-error.ts'

const k1 = randomBytes(32)
const k2 = randomBytes(32)
const { encryptedText } = encryption({ keys: { k1 }, current: 'k1' })
const phone = encryptedText('staff', 'phone')

function errorOf(fn: () => unknown): unknown {
  try {
    return fn()
  } catch (error) {
    return error
  }
}

describe('encryptedText', () => {
  test.each(['', '03-0000-0000', '山田 太郎 🏠', 'x'.repeat(100_000)])(
    'opens what it sealed',
    (text) => {
      expect(phone.open(7, phone.seal(7, text))).toBe(text)
    },
  )

  test('says its version and key, and never seals the same twice', () => {
    const sealed = new Set(Array.from({ length: 100 }, () => phone.seal(7, 'same')))

    expect(sealed.size).toBe(100)
    for (const text of sealed) expect(text).toMatch(/^y1\.k1\.[\w-]+$/)
  })

  test('does not open in another row, column or table', () => {
    const sealed = phone.seal(7, 'secret')
    const moves = [
      () => phone.open(8, sealed),
      () => encryptedText('staff', 'mobile').open(7, sealed),
      () => encryptedText('clients', 'phone').open(7, sealed),
      () => encryptedText('staffphone', '').open(7, sealed),
    ]

    for (const move of moves) expect(errorOf(move)).toMatchObject({ code: 'not_authentic' })
  })

  test('does not open when any byte of it was changed', () => {
    const sealed = phone.seal(7, 'secret')
    const [version, id, body = ''] = sealed.split('.')
    const bytes = Buffer.from(body, 'base64url')
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const text = [version, id, changed.toString('base64url')].join('.')
      expect(errorOf(() => phone.open(7, text))).toMatchObject({ code: 'not_authentic' })
    }
  })

  test.each(['', 'a', 'ab', 'abc'])(
    'does not open when a single character of its text was changed, added or left out: %j',
    (plaintext) => {
      const sealed = phone.seal(7, plaintext)
      const letters = Array.from({ length: 130 }, (_, code) => String.fromCharCode(code))
      const opened: string[] = []
      for (let at = 0; at <= sealed.length; at += 1) {
        const [before, after] = [sealed.slice(0, at), sealed.slice(at)]
        const others = letters.flatMap((letter) => [
          `${before}${letter}${after}`,
          `${before}${letter}${after.slice(1)}`,
        ])
        for (const text of [...others, before + after.slice(1), before]) {
          if (text === sealed) continue
          const error = errorOf(() => phone.open(7, text))
          if (!(error instanceof EncryptionError)) opened.push(text)
        }
      }
      expect(opened).toEqual([])
    },
  )

  test.each(['', 'plain', 'y2.k1.AAAA', 'y1.k1.AAAA', 'y1..AAAA', 'y1.k1.A+A='])(
    'what is no envelope is malformed: %s',
    (text) => {
      expect(errorOf(() => phone.open(7, text))).toMatchObject({ code: 'malformed' })
    },
  )

  test('a wrong or missing key is a clear error that prints neither text nor key', () => {
    const sealed = phone.seal(7, 'plaintext-marker')
    const wrong = encryption({ keys: { k1: k2 }, current: 'k1' }).encryptedText('staff', 'phone')
    const missing = encryption({ keys: { k2 }, current: 'k2' }).encryptedText('staff', 'phone')
    const errors = [wrong, missing].map((text) => errorOf(() => text.open(7, sealed)))

    expect(errors).toMatchObject([{ code: 'not_authentic' }, { code: 'unknown_key' }])
    for (const error of errors) {
      expect(EncryptionError.isInstance(error)).toBe(true)
      expect(inspect(error)).not.toContain('plaintext-marker')
      expect(inspect(error)).not.toContain(sealed)
    }
  })

  test('prints no key', () => {
    const all = encryption({ keys: { k1: k1.toString('base64') }, current: 'k1' })
    const printed = inspect([all, all.encryptedText('a', 'b')], { depth: 9, showHidden: true })

    expect(printed).not.toContain(k1.toString('base64'))
  })

  test('takes keys as bytes and as base64', () => {
    const other = encryption({ keys: { k1: k1.toString('base64') }, current: 'k1' })

    expect(other.encryptedText('staff', 'phone').open(7, phone.seal(7, 'same key'))).toBe(
      'same key',
    )
  })

  test('opens with an old key, seals with the current one', () => {
    const next = encryption({ keys: { k1, k2 }, current: 'k2' }).encryptedText('staff', 'phone')
    const old = phone.seal(7, 'kept')

    expect(next.open(7, old)).toBe('kept')
    expect([next.isStale(old), next.isStale(next.seal(7, 'kept'))]).toEqual([true, false])
  })

  test('the blind index is equal for equal values of the same column only', () => {
    const index = phone.blindIndex('03-0000-0000')
    const next = encryption({ keys: { k1, k2 }, current: 'k2' }).encryptedText('staff', 'phone')

    expect(phone.blindIndex('03-0000-0000')).toBe(index)
    expect(phone.blindIndex('03-0000-0001')).not.toBe(index)
    expect(encryptedText('clients', 'phone').blindIndex('03-0000-0000')).not.toBe(index)
    expect(next.blindIndexes('03-0000-0000')).toEqual([next.blindIndex('03-0000-0000'), index])
  })

  test.each([
    { keys: { k1: 'c2hvcnQ=' }, current: 'k1' },
    { keys: { 'no.dots': k1 }, current: 'no.dots' },
    { keys: { k1 }, current: 'k2' },
  ])('wrong keys are refused', (options) => {
    expect(() => encryption(options)).toThrow(/^Expected /)
  })
})
