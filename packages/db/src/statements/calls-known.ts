import { FLEETING_FUNCTIONS, STEADY_FUNCTIONS, words } from './known-functions.ts'

/** Words that may stand before a parenthesis and call nothing. */
const KEYWORDS = words(`
  all and any array as between bit by case cast char character cube decimal distinct else except exists filter float
  from group grouping having ilike in intersect interval is join lateral like limit materialized not numeric offset on
  or over overlaps partition precision recursive rollup row select sets similar some then time timestamp timestamptz
  to union using values varbit varchar varying when where with within`)

/** What begins a statement of another kind, or a table: all that a SELECT might become. */
const BEYOND = /;|--|\/\*|\binto\b/i

/** A character of a name that is not quoted. */
const OF_NAMES = /[\w$\u0080-\uffff]/

/** What stands before the names of an alias's columns: `as "t"("a", "b")`, `with "t"("a") as (…)`. */
const NAMES_COLUMNS = /\b(?:as|with|recursive)$/i

/**
 * Whether all that the text of a `SELECT` calls is PostgreSQL's and changes nothing. It reads no SQL: whatever
 * stands before a parenthesis and is not known counts as a call of something that may write, also within a string.
 */
export function callsOnlyKnown(sql: string): boolean {
  if (BEYOND.test(sql)) return false
  for (let at = sql.indexOf('('); at >= 0; at = sql.indexOf('(', at + 1)) {
    if (!isHarmless(sql.slice(Math.max(0, at - LONGEST), at))) return false
  }
  return true
}

/** How far before a parenthesis it looks, in characters: two names of 63 bytes, quoted, and what is between. */
const LONGEST = 300

function isHarmless(before: string): boolean {
  const { name, rest } = lastName(before)
  if (name === '') return true
  if (!rest.endsWith('.')) {
    if (name.startsWith('"')) return NAMES_COLUMNS.test(rest)
    return KEYWORDS.has(name.toLowerCase()) || isKnown(name)
  }
  const schema = lastName(rest.slice(0, -1))
  return schema.name.toLowerCase() === 'pg_catalog' && !schema.rest.endsWith('.') && isKnown(name)
}

function isKnown(name: string): boolean {
  const word = name.toLowerCase()
  return STEADY_FUNCTIONS.has(word) || FLEETING_FUNCTIONS.has(word)
}

/** The name that a text ends with, with its quotes; empty where it ends with none. What is before it is trimmed. */
function lastName(text: string): { readonly name: string; readonly rest: string } {
  const trimmed = text.trimEnd()
  const from = trimmed.endsWith('"')
    ? trimmed.lastIndexOf('"', trimmed.length - 2)
    : nameFrom(trimmed)
  // A quote within a quoted name makes it begin later than it does: it stays one that nobody knows.
  return {
    name: trimmed.slice(Math.max(0, from)),
    rest: trimmed.slice(0, Math.max(0, from)).trimEnd(),
  }
}

function nameFrom(text: string): number {
  let from = text.length
  while (from > 0 && OF_NAMES.test(text.charAt(from - 1))) from -= 1
  return from
}
