import { expect, test } from 'vitest'
import { sendableOf } from './sendable.ts'

/** As the adapter's own response keeps its headers, which nothing has looked at. */
function responseWith(headers: Record<string, unknown>): Response {
  const made = { status: 200, headers, [Symbol('cache')]: [200, 'body', headers] }
  return made as unknown as Response
}

test.each([
  ['a line break', 'text/plain\r\nset-cookie: a=b'],
  ['NUL', 'text/\0plain'],
  ['no Latin-1', '本文'],
  ['nothing', undefined],
])('a header that could be sent is looked at again when its value is another: %s', (_, value) => {
  const good = responseWith({ 'content-type': 'text/plain' })
  for (let each = 0; each < 3; each += 1) expect(sendableOf(good, true).status).toBe(200)
  expect(() => sendableOf(responseWith({ 'content-type': value }), true)).toThrow(TypeError)
  expect(sendableOf(good, true).status).toBe(200)
})

test('a value that could be sent says nothing of another name', () => {
  sendableOf(responseWith({ 'x-one': 'value' }), true)
  expect(() => sendableOf(responseWith({ 'x one': 'value' }), true)).toThrow(TypeError)
  expect(() => sendableOf(responseWith({ 'x-one\r\n': 'value' }), true)).toThrow(TypeError)
})
