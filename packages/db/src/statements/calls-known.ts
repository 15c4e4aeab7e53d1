import { FLEETING_FUNCTIONS, STEADY_FUNCTIONS, words } from './known-functions.ts'

/** Words that may stand before a parenthesis and call nothing. */
const KEYWORDS = words(`
  all and any array as between bit by case cast char character cube decimal distinct else except exists filter float
  from group grouping having ilike in intersect interval is join lateral like limit materialized not numeric offset on
  or over overlaps partition precision recursive rollup row select sets similar some then time timestamp timestamptz
  to union using values varbit varchar varying when where with within`)

/** What begins a statement of another kind, or a table: all that a SELECT might become. */
const BEYOND = /;|--|\/\*|\binto\b/i

/** What ends before a parenthesis: a name, quoted or not, with the schema it may have. */
const NAME =
  /((?:[\w$\u0080-\uffff]+|"(?:[^"]|"")*")\s*\.\s*)?([\w$\u0080-\uffff]+|"(?:[^"]|"")*")\s*$/

/** The names of an alias's columns: `as "t"("a", "b")`, `with "t"("a") as (…)`. */
const NAMES_COLUMNS = /\b(?:as|with|recursive)\s+$/i

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
  const found = NAME.exec(before)
  if (found === null) return true
  const [all, schema, name = ''] = found
  const rest = before.slice(0, -all.length)
  if (rest.trimEnd().endsWith('.')) return false
  if (name.startsWith('"')) return schema === undefined && NAMES_COLUMNS.test(rest)
  const word = name.toLowerCase()
  if (schema !== undefined) return /^pg_catalog\s*\.\s*$/i.test(schema) && isKnown(word)
  return KEYWORDS.has(word) || isKnown(word)
}

function isKnown(name: string): boolean {
  return STEADY_FUNCTIONS.has(name) || FLEETING_FUNCTIONS.has(name)
}
