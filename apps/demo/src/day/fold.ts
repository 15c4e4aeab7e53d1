import stringWidth from 'fast-string-width'
import { wrapAnsi } from 'fast-wrap-ansi'

/** How wide a terminal is taken to be, in columns. Japanese characters are two columns wide. */
const COLUMNS = 80

/** Folds a line to the terminal's width; what it goes on with stands below where it began. */
export function fold(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? ''
  // A mark in front hangs out to the left of the text.
  const hanging = /^[✓✗·!] /.test(line.slice(indent.length)) ? `${indent}  ` : indent
  const [first = '', ...rest] = wrapAnsi(line.trim(), COLUMNS - hanging.length, {
    hard: true,
    trim: true,
  }).split('\n')
  return [`${indent}${first}`, ...rest.map((each) => `${hanging}${each}`)].join('\n')
}

/** `left`, and `right` at the end of the line, or of the next one where there is no room for it. */
export function foldBetween(left: string, right: string): string {
  const folded = fold(left)
  const room = COLUMNS - stringWidth(folded.split('\n').at(-1) ?? '') - stringWidth(right)
  if (room > 0) return folded + ' '.repeat(room) + right
  return `${folded}\n${' '.repeat(Math.max(0, COLUMNS - stringWidth(right)))}${right}`
}
