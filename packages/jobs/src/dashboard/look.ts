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
  return preferredLanguage(request.headers.get('accept-language'), LANGUAGES) ?? fallback
}
