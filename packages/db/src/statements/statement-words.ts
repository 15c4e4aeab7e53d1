import { comesBehind, readings } from './sql-comments.ts'

/*
 * What a text says of itself, judged on the side of caution: nothing here reads SQL as the server does. A word
 * counts where a statement may begin: at the start, after a semicolon or a comment, or on a line of its own.
 */

/** The words that commit what a transaction has done so far, or hand it over to a later commit. */
const COMMITS =
  /\b(?:(?:commit|end)(?=\s*(?:;|--|\/\*|$)|\s+(?:work|transaction|and|prepared)\b)|prepare\s+transaction\b)/gi

/** A procedure: whether it commits is not seen here. */
const CALLS = /\bcall(?=\s+["\w]|\s*(?:--|\/\*))/gi

/** A block of procedural code. */
const BLOCKS = /\bdo(?=\s+(?:language\b|[$'e])|\s*(?:--|\/\*))/gi

/** What has to stand in a block that commits within. */
const COMMITS_WITHIN = /\b(?:commit|call)\b/i

/** What works in several transactions of its own, and leaves behind what an earlier one did. */
const STEPWISE = /\bconcurrently\b/i

/**
 * What goes from table to table, or from partition to partition, and commits at each: whether one name stands for several is not
 * seen here. https://www.postgresql.org/docs/current/sql-vacuum.html, sql-analyze, sql-cluster, sql-reindex; `repack` is of 19.
 */
const TABLE_BY_TABLE =
  /\b(?:vacuum|analy[sz]e|cluster|reindex|repack)(?=\s*(?:[;("]|--|\/\*|$)|\s+(?!from\b|as\b)\w)/gi

/** What moves the files of a database, commits, and then removes the old ones. */
const ALTER_DATABASE = /\balter\s+database\b/i
const OF_TABLESPACE = /\bset\s+tablespace\b/i

/** Whether there may be another statement behind the first. */
export function isScript(sql: string): boolean {
  const end = sql.indexOf(';')
  return end >= 0 && sql.slice(end + 1).trim() !== ''
}

/** Whether a text would commit a transaction that was begun by hand. */
export function mayCommit(sql: string): boolean {
  return hasStatement(sql, COMMITS)
}

/** Whether a text that runs outside of transactions may have committed something when it fails. */
export function mayFailPartly(sql: string): boolean {
  if (mayCommit(sql) || hasStatement(sql, CALLS) || STEPWISE.test(sql)) return true
  if (hasStatement(sql, TABLE_BY_TABLE) || movesDatabase(sql)) return true
  return COMMITS_WITHIN.test(sql) && hasStatement(sql, BLOCKS)
}

function movesDatabase(sql: string): boolean {
  return readings(sql).some((text) => comesBehind(text, ALTER_DATABASE, OF_TABLESPACE))
}

function hasStatement(sql: string, words: RegExp): boolean {
  return readings(sql).some((text) =>
    text.matchAll(words).some(({ index }) => mayBegin(text, index)),
  )
}

/** Whether a statement may begin at this place. */
function mayBegin(sql: string, index: number): boolean {
  for (let at = index - 1; at >= 0; at -= 1) {
    const before = sql.charAt(at)
    if (before === '\n' || before === ';') return true
    if (before.trim() !== '') return before === '/' && sql.charAt(at - 1) === '*'
  }
  return true
}
