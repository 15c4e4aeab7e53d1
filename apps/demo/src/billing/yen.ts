import type { Language } from '../web/language.ts'

/** An amount as it is written in the language. */
export function yen(amount: number, language: Language): string {
  const number = new Intl.NumberFormat({ ja: 'ja-JP', en: 'en-GB' }[language]).format(amount)
  return { ja: `${number}円`, en: `¥${number}` }[language]
}
