import type { Language } from '../../html-page.ts'

/** `¥1,980` or `$12.00`: the amount is in the currency's smallest unit. */
export function money(amount: number, currency: string, language: Language): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(amount / 10 ** digits)
}
