import { describe, expect, test } from 'vitest'
import { defineTemplate } from '../templates/template.ts'
import { trustedHtml } from '../templates/html.ts'
import { LANGUAGES, type Language } from './look.ts'
import { type PreviewTemplate, previews } from './previews.ts'
import { WORDS } from './words.ts'

const ORIGIN = 'http://localhost'
const here = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
const EVIL = '\'"</title></pre></td><script>alert(1)</script><img src=x onerror=alert(1)>'

/** Templates whose own words are of no language. */
const of = (name: string, subject: () => string, source?: string): PreviewTemplate =>
  defineTemplate<object>()(
    {
      en: {
        subject,
        ...(source === undefined
          ? { text: () => '1' }
          : { text: () => '', html: () => trustedHtml(source) }),
      },
    },
    { name, sample: {} },
  )

/** All that there is a warning of. */
const careless = of(
  '1',
  () => ' ',
  `<script></script><link rel="x"><img src="http://1"><img alt="" src="data:1">
    <a href="http://1">1</a><a href="/1">1</a>${' '.repeat(103 * 1024)}`,
)
const templates = [
  careless,
  of('2', () => '2'),
  of('3', () => {
    throw new Error('3')
  }),
  of('4', () => {
    throw 4
  }),
]

/** Each page of its own: its path, its status, and the site whose form asks for it. */
const PAGES: readonly (readonly [path: string, status: number, form: string | undefined])[] = [
  ['/', 200, undefined],
  ['/1/en', 200, undefined],
  ['/2/en', 200, undefined],
  ['/2/en?sent=1', 200, undefined],
  ['/3/en', 500, undefined],
  ['/4/en', 500, undefined],
  ['/9/en', 404, undefined],
  ['/1/en/send', 403, 'http://evil.test'],
  ['/2/en/send', 502, ORIGIN],
]

const mail = { send: (): Promise<never> => Promise.reject(new Error('5')) }
const show = previews(templates, { sendTo: { mail, to: 'me@example.jp' } })

/** What a reader of the page sees or hears, but for what is the mail's, and the way to the other language. */
function readOn(page: string): string {
  const own = page
    .replaceAll(/<style>[^]*?<\/style>|<pre\b[^]*?<\/pre>|<a\s+class="language"[^]*?<\/a\s*>/g, ' ')
    .replaceAll(/&lt;[^]*?&gt;/g, ' ')
  const said = [...own.matchAll(/ (?:title|data-label|aria-label)="([^"]*)"/g)].map(
    ([, text = '']) => text,
  )
  return [...said, own.replaceAll(/<[^>]*>/g, ' ')].join(' ')
}

/** What is written alike in both: names, units, and what the mails above have. */
const COMMON = new Set(['HTML', 'kB', 'px', 'en', 'alt', 'https', 'http', 'URL', 'data', 'Gmail'])

async function pageIn(
  language: Language,
  path: string,
  status: number,
  form?: string,
): Promise<string> {
  const headers = new Headers({ 'accept-language': language })
  if (form !== undefined) headers.set('origin', form)
  const method = form === undefined ? 'GET' : 'POST'
  const answer = await show(new Request(`${ORIGIN}${path}`, { method, headers }), here)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('vary')).toBe('accept-language, cookie')
  return await answer.text()
}

describe('the words of previews', () => {
  test.each(PAGES)('are of one language on %s (%d)', async (path, status, form) => {
    const english = await pageIn('en', path, status, form)
    expect(english).toContain('<html lang="en">')
    expect(readOn(english)).toMatch(/[A-Z][a-z]/)
    expect(readOn(english).match(/[^\p{ASCII}·’…]+/gu)).toBeNull()
    const japanese = await pageIn('ja', path, status, form)
    expect(japanese).toContain('<html lang="ja">')
    expect(readOn(japanese)).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u)
    const words = readOn(japanese).match(/[A-Za-z]+/g) ?? []
    expect(words.filter((word) => !COMMON.has(word))).toEqual([])
  })

  test('are of the language that the option says, where a browser asks for neither', async () => {
    const languages = [undefined, ...LANGUAGES]
    for (const language of languages) {
      const open = previews(templates, { language })
      const languageAt = async (path: string, headers: Record<string, string>) => {
        const answer = await open(new Request(`${ORIGIN}${path}`, { headers }), here)
        return /<html lang="(\w+)">/.exec(await answer.text())?.[1]
      }
      for (const path of ['/', '/1/en', '/3/en', '/9/en']) {
        expect(await languageAt(path, {})).toBe(language ?? 'en')
        expect(await languageAt(path, { 'accept-language': 'fr, *' })).toBe(language ?? 'en')
        expect(await languageAt(path, { 'accept-language': 'ja' })).toBe('ja')
        expect(await languageAt(path, { 'accept-language': 'en' })).toBe('en')
      }
    }
    expect(() => previews(templates, { language: 'fr' as 'ja' })).toThrow(
      new TypeError('Expected language to be en or ja, got a string'),
    )
  })

  test('are all there in both languages', () => {
    expect(Object.keys(WORDS.ja)).toEqual(Object.keys(WORDS.en))
    const textsOf = (language: Language): [string, string][] =>
      Object.entries(WORDS[language]).map(([key, words]: [string, unknown]) => [
        key,
        typeof words === 'function' ? String(words('phone', 'dark', '1')) : String(words),
      ])
    for (const [key, text] of textsOf('en')) expect(text, key).toMatch(/^[\p{ASCII}·’]+$/u)
    for (const [key, text] of textsOf('ja')) {
      expect(text, key).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u)
    }
  })

  test('have a warning in each language wherever the other has one', async () => {
    const [english, japanese] = await Promise.all(
      LANGUAGES.map((language) => pageIn(language, '/1/en', 200)),
    )
    expect(english?.match(/<li>/g)).toHaveLength(10)
    expect(japanese?.match(/<li>/g)).toHaveLength(10)
  })

  test('go on in the language that was chosen, and lead to the other', async () => {
    const open = previews(templates, { basePath: '/mails' })
    const send = (path: string, cookie = ''): Promise<Response> =>
      open(new Request(`${ORIGIN}${path}`, { headers: { cookie, 'accept-language': 'en' } }), here)
    const page = await (await send('/mails/2/en')).text()
    const [, href = ''] = /<a\s+class="language"\s+href="([^"]+)"/.exec(page) ?? []
    expect(href).toBe('/mails/2/en?lang=ja')
    const chosen = await send(href)
    expect(await chosen.text()).toContain('<html lang="ja">')
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? ''
    const next = await send('/mails', cookie)
    expect(await next.text()).toContain('<html lang="ja">')
    expect(next.headers.get('set-cookie')).toBeNull()
  })

  test.each(LANGUAGES)('hold what is hostile as text: %s', async (lang) => {
    const hostile = of(
      'hostile',
      () => EVIL,
      `<a href="/${EVIL.replaceAll('"', '')}">1</a><img src="http://&quot;'<b>">`,
    )
    const throwing = of('throwing', () => {
      throw new Error(EVIL)
    })
    const open = previews([hostile, throwing])
    for (const path of ['/', '/hostile/en', '/throwing/en', `/${encodeURIComponent(EVIL)}/en`]) {
      const answer = await open(new Request(`${ORIGIN}${path}?lang=${lang}`), here)
      const page = await answer.text()
      expect(page).toContain(`<html lang="${lang}">`)
      expect(page).not.toMatch(/<script|<img|<b>/)
      expect(page.match(/<\/title>/g)).toHaveLength(1)
    }
  })

  test('do not say of a mail whose sending failed that it was not sent', async () => {
    for (const language of LANGUAGES) {
      const page = await pageIn(language, '/2/en/send', 502, ORIGIN)
      expect(page).toContain(WORDS[language].sendingFailed)
      expect(page).not.toContain(WORDS[language].notShown)
    }
  })
})
