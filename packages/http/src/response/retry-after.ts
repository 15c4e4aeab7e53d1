/** RFC 9110, 5.6.7: the one form of a date that is sent today. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * The milliseconds that a `Retry-After` header asks us to wait (RFC 9110, 10.2.3): a number of seconds
 * or a date. `undefined` for none, or one that is neither.
 *
 * @param date the answer's own `Date`, against which a date is measured: our clock may be wrong
 */
export function parseRetryAfter(value: string | null, date: string | null): number | undefined {
  if (value === null) return undefined
  const text = value.trim()
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000
  if (!IMF_FIXDATE.test(text)) return undefined
  const until = Date.parse(text)
  if (Number.isNaN(until)) return undefined
  const sent = date !== null && IMF_FIXDATE.test(date.trim()) ? Date.parse(date) : Number.NaN
  return Math.max(0, until - (Number.isNaN(sent) ? Date.now() : sent))
}
