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
  return preferred(request.headers.get('accept-language') ?? '') ?? fallback
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

/** The first of ours in the order of preference (RFC 9110, 12.5.4), or `undefined`. */
function preferred(header: string): Language | undefined {
  const ranges = header
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.trim().toLowerCase().split(';')
      const weight = parameters.map((each) => each.trim()).find((each) => each.startsWith('q='))
      const q = weight === undefined ? 1 : Number(weight.slice(2))
      return { language: tag.split('-')[0], q: Number.isFinite(q) ? q : 0 }
    })
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q)
  for (const { language } of ranges) {
    const found = LANGUAGES.find((each) => each === language)
    if (found !== undefined) return found
  }
  return undefined
}
