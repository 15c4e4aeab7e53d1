/** Reads a type's text. */
type Parse = (text: string) => unknown

/**
 * Parses text that matches `isRight`, and throws for any other instead of returning `null` or half a value.
 */
export function checked(type: string, setting: string, isRight: RegExp, parse: Parse): Parse {
  return (text) => {
    if (isRight.test(text)) return parse(text)
    // The value itself must not be in the message.
    throw new RangeError(
      `Expected ${type} as PostgreSQL writes it with ${setting}; is it set otherwise?`,
    )
  }
}

export const ISO_DATE_STYLE = 'DateStyle = ISO'

/** A date, a timestamp, or one with a zone, as `DateStyle = ISO` writes it. */
export const ISO_TIME: RegExp =
  /^(?:\d{4,}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[+-]\d\d(?::\d\d){0,2})?)?(?: BC)?|-?infinity)$/

export const POSTGRES_INTERVAL_STYLE = 'IntervalStyle = postgres'

/** An interval as `IntervalStyle = postgres` writes it: `1 year 2 mons -3 days +04:05:06.7`. */
export const POSTGRES_INTERVAL: RegExp =
  /^(?=\S)(?:[+-]?\d+ (?:years?|mons?|days?)(?: |$))*(?:[+-]?\d{2,}:\d\d:\d\d(?:\.\d{1,6})?)?$/
