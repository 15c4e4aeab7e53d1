import { expect, test } from 'vitest'
import { shownUrl } from './shown-parts.ts'

test.each([
  ['https://a.example/users/hana@example.com/events', 'https://a.example/users/[redacted]/events'],
  [
    'https://a.example/users/hana%40example.com?x=1',
    'https://a.example/users/[redacted]?x=[redacted]',
  ],
  ['https://a.example/@yuzuru%2fhttp/hana@', 'https://a.example/@yuzuru%2fhttp/hana@'],
  ['https://hana@example.com:8080/a/b#hana@c', 'https://example.com:8080/a/b'],
])('%s is shown as %s', (url, shown) => {
  expect(shownUrl(new URL(url))).toBe(shown)
})
