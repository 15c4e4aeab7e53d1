import { expect, test } from 'vitest'
import { languageCookie, languageOf, LANGUAGES } from './look.ts'

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
    const headers = new Headers({ 'accept-language': header })
    if (chosen !== undefined) headers.set('cookie', `a=b; yuzuru_mails_lang=${chosen}; c=d`)
    const request = new Request(`http://localhost${path}`, { headers })
    expect(LANGUAGES.map((language) => languageOf(request, language))).toEqual(expected)
  },
)

test.each<[string, string, Record<string, string>, string | undefined]>([
  ['http://localhost/mails', '/mails', {}, undefined],
  [
    'http://localhost/mails?lang=ja',
    '/mails',
    {},
    'yuzuru_mails_lang=ja; Path=/mails; HttpOnly; SameSite=Lax',
  ],
  [
    'http://localhost/?lang=ja%0d%0aset-cookie:x',
    '',
    {},
    'yuzuru_mails_lang=en; Path=/; HttpOnly; SameSite=Lax',
  ],
  [
    'https://x.test/?lang=ja',
    '',
    {},
    'yuzuru_mails_lang=ja; Path=/; HttpOnly; SameSite=Lax; Secure',
  ],
  [
    'http://x.test/?lang=ja',
    '',
    { 'x-forwarded-proto': 'https' },
    'yuzuru_mails_lang=ja; Path=/; HttpOnly; SameSite=Lax; Secure',
  ],
])('%s keeps the choice below "%s" alone (%j): %s', (url, base, headers, expected) => {
  const request = new Request(url, { headers })
  expect(languageCookie(request, { base, language: languageOf(request, 'en') })).toBe(expected)
})
