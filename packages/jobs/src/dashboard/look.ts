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
  readonly language: Language
  readonly timeZone: string
  readonly canWrite: boolean
  readonly canSeePayloads: boolean
}

/** A text in the language of the page. */
export const say = ({ language }: Pick<Look, 'language'>, en: string, ja: string): string =>
  language === 'ja' ? ja : en

/** `?lang=`, else what was chosen before, else what the browser prefers, else `fallback`. */
export function languageOf(
  request: Request,
  chosen: string | undefined,
  fallback: Language,
): Language {
  const asked = new URL(request.url).searchParams.get('lang') ?? chosen
  if (isLanguage(asked)) return asked
  return preferred(request.headers.get('accept-language') ?? '') ?? fallback
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
