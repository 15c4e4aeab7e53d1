import { expect, test } from 'vitest'
import { payloadText } from './masked.ts'

const payload = {
  to: 'hanako@example.jp',
  amount: 12_000,
  isFirst: true,
  none: null,
  password: 'hunter2',
  header: { name: 'authorization', value: 'Bearer abc' },
  shares: { 'taro@example.jp': 1, 'jiro@example.jp': 2 },
  lines: ['a', { b: 'c' }],
}

test('a payload shows its shape alone: no text, no number, no key that may be data', () => {
  const text = payloadText(payload, false)
  for (const each of ['hanako', '12000', 'hunter2', 'Bearer', 'taro', 'jiro', '"a"']) {
    expect(text).not.toContain(each)
  }
  expect(text).toContain('"to": ••• (17)')
  expect(text).toContain('"isFirst": true')
  // Two keys that are masked alike are both there.
  expect(text.match(/"\[…\]": •••/g)).toHaveLength(2)
})

test('a payload that may be seen is shown but for what stands under the name of a secret', () => {
  const text = payloadText(payload, true)
  for (const each of ['hanako@example.jp', '12000', 'taro@example.jp']) expect(text).toContain(each)
  for (const each of ['hunter2', 'Bearer abc']) expect(text).not.toContain(each)
})

test('a payload of any size and depth is cut', () => {
  const deep = JSON.parse(`${'['.repeat(900)}1${']'.repeat(900)}`) as unknown
  expect(payloadText(deep, true).length).toBeLessThan(3_000)
  const wide = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, n) => [`k${n}`, 'x'.repeat(500)]),
  )
  expect(payloadText(wide, true).length).toBeLessThan(21_000)
  expect(payloadText(JSON.parse('{"__proto__": {"a": 1}}'), true)).toContain('__proto__')
})
