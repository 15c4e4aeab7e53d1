/** RFC 9110, 5.6.7: the one form of a date that is sent today. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * The milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3), which holds a number of seconds
 * or a date. `undefined` without the header, and for a value that is neither. The server chooses the value,
 * so limit how much of it you obey.
 *
 * @param value the header `Retry-After`
 * @param date the answer's own header `Date`, from which a date is measured: our clock may be wrong
 * @param now the time on our clock, in milliseconds since 1970, for an answer without `Date`
 * @example
 * const delayMs = retryAfterMs(headers.get('retry-after'), headers.get('date'))
 */
export function retryAfterMs(
  value: string | null | undefined,
  date?: string | null,
  now: number = Date.now(),
): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000
  const until = dateOf(text)
  return until === undefined ? undefined : Math.max(0, until - (dateOf(date?.trim()) ?? now))
}

function dateOf(text: string = ''): number | undefined {
  const at = IMF_FIXDATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
