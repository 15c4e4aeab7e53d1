import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

/** The languages of the app; the first is the default. */
const LANGUAGES = ['ja', 'en'] as const

export type Language = (typeof LANGUAGES)[number]

/** A text in every language. */
export type Text = Readonly<Record<Language, string>>

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value)
}

/** The language of a request: `?lang=` (which is remembered), else the cookie, else Japanese. */
export function languageOf(c: Context): Language {
  const asked = c.req.query('lang')
  if (isLanguage(asked)) {
    setCookie(c, 'lang', asked, { path: '/', sameSite: 'Lax', httpOnly: true, maxAge: 31_536_000 })
    return asked
  }
  const remembered = getCookie(c, 'lang')
  return isLanguage(remembered) ? remembered : 'ja'
}

/** A moment as people in Japan write it, on Japan's clock. */
export function formatMoment(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Asia/Tokyo',
  }).format(moment)
}
