import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { getCookie, setCookie } from 'hono/cookie'

/** The languages of the app; the first is the default. */
export const LANGUAGES = ['ja', 'en'] as const

export type Language = (typeof LANGUAGES)[number]

/** A text in every language. */
export type Text = Readonly<Record<Language, string>>

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value)
}

/**
 * The language of a request: `?lang=` (which is remembered), else the cookie, else the first of
 * `Accept-Language` that the app has, else Japanese.
 */
export function languageOf(c: Context): Language {
  const asked = c.req.query('lang')
  if (isLanguage(asked)) {
    setCookie(c, 'lang', asked, { path: '/', sameSite: 'Lax', httpOnly: true, maxAge: 31_536_000 })
    return asked
  }
  const remembered = getCookie(c, 'lang')
  return isLanguage(remembered) ? remembered : preferred(c)
}

/** By the main language alone: `en-GB` is English. */
function preferred(c: Context): Language {
  const language = accepts(c, {
    header: 'Accept-Language',
    supports: [...LANGUAGES],
    default: LANGUAGES[0],
    match: (accepted, options) =>
      accepted
        .filter(({ q }) => q > 0)
        .toSorted((a, b) => b.q - a.q)
        .map(({ type }) => type.split('-')[0]?.toLowerCase())
        .find((type) => isLanguage(type)) ?? options.default,
  })
  return isLanguage(language) ? language : LANGUAGES[0]
}

/** A moment as people in Japan write it, on Japan's clock. */
export function formatMoment(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Asia/Tokyo',
  }).format(moment)
}

/** A day, without its year, on Japan's clock. */
export function formatDay(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    month: 'long',
    day: 'numeric',
    weekday: 'short',
    timeZone: 'Asia/Tokyo',
  }).format(moment)
}

/** A time of day, `9:00`, on Japan's clock. */
export function formatTime(moment: Date): string {
  const options = { hour: 'numeric', minute: '2-digit', timeZone: 'Asia/Tokyo' } as const
  return new Intl.DateTimeFormat('ja-JP', options).format(moment)
}
