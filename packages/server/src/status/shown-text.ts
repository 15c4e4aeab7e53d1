import { isWord } from '../request/route-name.ts'

const ORDINAL = /^\d[\d,]*(?:st|nd|rd|th)$/

/** An ordinal, or what stands between blanks, quotes, brackets and marks. */
const PART = /\b\d[\d,]*(?:st|nd|rd|th)\b|[^\s"'`,;:()[\]{}<>/]+/g

/**
 * A name of the task tree as it may be shown: every part that may be an id, an address, a date or a token becomes
 * `:id`. `semaphore "smtp", 3rd in line` stays as it is.
 */
export function shownText(text: string): string {
  return text.replaceAll(PART, (part) => (isWord(part) || ORDINAL.test(part) ? part : ':id'))
}
