import { preferredLanguage } from '@yuzuru/concurrency/boundary'

/** The languages of the pages; the first is the default. */
export const LANGUAGES = ['en', 'ja'] as const

export type Language = (typeof LANGUAGES)[number]

/** Whether it is one of {@link LANGUAGES}. */
export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value)
}

/** For whom a page is made. */
export interface Look {
  /** What links begin with. */
  readonly base: string
  /** That of the page, whatever that of the mail on it is. */
  readonly language: Language
}

/** Holds what was chosen with `?lang=`. */
const LANGUAGE_COOKIE = 'yuzuru_mails_lang'

/** `?lang=`, else what was chosen before, else what the browser prefers, else `fallback`: as the jobs' dashboard does. */
export function languageOf(request: Request, fallback: Language): Language {
  const asked = new URL(request.url).searchParams.get('lang') ?? chosenBefore(request)
  if (isLanguage(asked)) return asked
  return preferredLanguage(request.headers.get('accept-language'), LANGUAGES) ?? fallback
}

/** The cookie for the pages that follow, where a language was asked for. */
export function languageCookie(request: Request, { base, language }: Look): string | undefined {
  if (!new URL(request.url).searchParams.has('lang')) return undefined
  const isSecure =
    request.url.startsWith('https:') || request.headers.get('x-forwarded-proto') === 'https'
  const secure = isSecure ? '; Secure' : ''
  return `${LANGUAGE_COOKIE}=${language}; Path=${base === '' ? '/' : base}; HttpOnly; SameSite=Lax${secure}`
}

function chosenBefore(request: Request): string | undefined {
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${LANGUAGE_COOKIE}=`))
  return found?.slice(LANGUAGE_COOKIE.length + 1)
}
