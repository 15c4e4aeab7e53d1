import { expect, test } from 'vitest'
import { duration } from './format.ts'
import { languageOf, LANGUAGES } from './look.ts'

/** What is asked for, and the language of pages whose default is English, and of those whose default is Japanese. */
test.each<[string, string | undefined, string, [string, string]]>([
  ['/', undefined, 'ja', ['ja', 'ja']],
  ['/', undefined, 'ja-JP,ja;q=0.9,en;q=0.8', ['ja', 'ja']],
  ['/', undefined, 'fr, en-GB;q=0.9, ja;q=0.8', ['en', 'en']],
  ['/', undefined, 'en;q=0.1, ja;q=0.2', ['ja', 'ja']],
  ['/', undefined, 'ja;q=0, en', ['en', 'en']],
  ['/', undefined, 'ja;q=x', ['en', 'ja']],
  ['/', undefined, 'fr, *', ['en', 'ja']],
  ['/', undefined, '', ['en', 'ja']],
  ['/', 'ja', 'en', ['ja', 'ja']],
  ['/', 'xx', 'ja', ['ja', 'ja']],
  ['/?lang=en', 'ja', 'ja', ['en', 'en']],
  ['/?lang=xx', undefined, 'ja', ['ja', 'ja']],
  ['/?lang=xx', undefined, 'fr', ['en', 'ja']],
])(
  '%s with the choice %s and Accept-Language "%s" is %j by default en or ja',
  (path, chosen, header, expected) => {
    const request = new Request(`http://localhost${path}`, {
      headers: { 'accept-language': header },
    })
    expect(LANGUAGES.map((language) => languageOf(request, chosen, language))).toEqual(expected)
  },
)

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
