import { isWord } from '../request/route-name.ts'

const ORDINAL = /^\d[\d,]*(?:st|nd|rd|th)$/

/** An ordinal, or what stands between blanks, quotes, brackets and marks. */
const PART = /\b\d[\d,]*(?:st|nd|rd|th)\b|[^\s"'`,;:()[\]{}<>/]+/g

/** The longest text that is shown of a name. */
const MAX_LENGTH = 120

/**
 * A name of the task tree as it may be shown: every part that may be an id, an address, a date or a token becomes
 * `:id`. `semaphore "smtp", 3rd in line` stays as it is.
 */
export function shownText(text: string): string {
  // Without the part that is cut: its beginning may look like a word.
  const read = text.length > 2 * MAX_LENGTH ? wholeWords(text.slice(0, 2 * MAX_LENGTH)) : text
  const shown = read.replaceAll(PART, (part) => (isWord(part) || ORDINAL.test(part) ? part : ':id'))
  const isWhole = read === text && shown.length <= MAX_LENGTH
  return isWhole ? shown : `${shown.slice(0, MAX_LENGTH)}…`
}

function wholeWords(cut: string): string {
  return cut.split(/\s/).slice(0, -1).join(' ')
}
