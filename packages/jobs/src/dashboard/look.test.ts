import { expect, test } from 'vitest'
import { duration } from './format.ts'
import { languageOf } from './look.ts'

test.each<[string, string | undefined, string, string]>([
  ['/', undefined, 'ja', 'ja'],
  ['/', undefined, 'ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
  ['/', undefined, 'fr, en-GB;q=0.9, ja;q=0.8', 'en'],
  ['/', undefined, 'en;q=0.1, ja;q=0.2', 'ja'],
  ['/', undefined, 'ja;q=0, en', 'en'],
  ['/', undefined, 'ja;q=x', 'en'],
  ['/', undefined, '', 'en'],
  ['/', 'ja', 'en', 'ja'],
  ['/?lang=en', 'ja', 'ja', 'en'],
  ['/?lang=xx', undefined, 'ja', 'ja'],
])('%s with the choice %s and Accept-Language "%s" is %s', (path, chosen, header, expected) => {
  const request = new Request(`http://localhost${path}`, { headers: { 'accept-language': header } })
  expect(languageOf(request, chosen)).toBe(expected)
})

test.each([
  [-5, '0 ms'],
  [999.4, '999 ms'],
  [9_999, '9.9 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms is written %s', (ms, text) => {
  expect(duration({ language: 'en' }, ms)).toBe(text)
})
