import { type Look, say } from './look.ts'

const localeOf = ({ language }: Pick<Look, 'language'>): string =>
  language === 'ja' ? 'ja-JP' : 'en-GB'

/** `12,345`. */
export function count(look: Look, value: number, isEstimate = false): string {
  const text = new Intl.NumberFormat(localeOf(look)).format(value)
  return isEstimate ? `≈ ${text}` : text
}

/** `12.3k`: where there is little room. */
export function shortCount(look: Look, value: number): string {
  return new Intl.NumberFormat(localeOf(look), {
    notation: value < 10_000 ? 'standard' : 'compact',
    maximumFractionDigits: 1,
  }).format(value)
}

/** A length of time in its two largest units: `3 min 20 s`. Below 0 is 0. */
export function duration(look: Pick<Look, 'language'>, ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 1_000) return say(look, `${Math.round(whole)} ms`, `${Math.round(whole)} ミリ秒`)
  if (whole < 10_000) {
    const seconds = (Math.floor(whole / 100) / 10).toFixed(1)
    return say(look, `${seconds} s`, `${seconds} 秒`)
  }
  const seconds = Math.floor(whole / 1_000)
  const units: readonly (readonly [number, string])[] = [
    [86_400, say(look, 'd', '日')],
    [3_600, say(look, 'h', '時間')],
    [60, say(look, 'min', '分')],
    [1, say(look, 's', '秒')],
  ]
  const at = units.findIndex(([size]) => seconds >= size)
  let left = seconds
  const parts = units.slice(at, at + 2).map(([size, unit]) => {
    const value = Math.floor(left / size)
    left -= value * size
    return value === 0 ? '' : `${value} ${unit}`
  })
  return parts.filter((part) => part !== '').join(' ')
}

/** `3 min ago`, or `in 3 min`. */
export function relative(look: Look, at: number, now: number): string {
  const text = duration(look, Math.abs(now - at))
  if (at > now) return say(look, `in ${text}`, `${text}後`)
  return say(look, `${text} ago`, `${text}前`)
}

/** A moment in the zone of the dashboard. */
export function moment(look: Look, at: number): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return '—'
  return new Intl.DateTimeFormat(localeOf(look), {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: look.timeZone,
  }).format(at)
}

/** The time of day in the zone of the dashboard. */
export function timeOfDay(look: Look, at: number): string {
  return new Intl.DateTimeFormat(localeOf(look), {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: look.timeZone,
  }).format(at)
}
