import { Redaction } from '@yuzuru/concurrency/boundary'

const redaction = new Redaction()

/**
 * How much of a server's sentence is read: more than is shown, so that a secret at the end of the shown
 * part is recognised.
 */
const READ_LENGTH = 16_384
/** How much of a sentence is shown, in characters. */
const MAX_SENTENCE = 2_000
/**
 * How much of a name is shown, in characters. PostgreSQL's names have up to 63 bytes unless it was built
 * otherwise.
 */
const MAX_NAME = 256
/** The most columns of an index: PostgreSQL's `INDEX_MAX_KEYS`. */
const MAX_COLUMNS = 32

/** An `ErrorResponse` of the server, as pg throws it. */
export interface ServerError extends Error {
  readonly code: string
  readonly severity: string
  readonly detail?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
  /** Where in the text of the statement, or of one within a function, the error is. */
  readonly position?: string | undefined
  readonly internalPosition?: string | undefined
  /** The context, one line for each level. It may quote data. */
  readonly where?: string | undefined
}

/** Whether the error comes from the server, as opposed to the socket or the client. */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  )
}

/** Whether the error comes from the server but has no SQLSTATE, unlike PostgreSQL's. */
export function isOddServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && !isServerError(error)
}

/**
 * The violations of which DETAIL begins with the names of columns; that of others shows the row. A function may raise
 * them too, with a DETAIL of its own, but seldom with the name of a constraint.
 */
const NAMING: ReadonlySet<string> = new Set(['23503', '23505', '23P01'])

/**
 * The columns of a violated constraint. For unique and foreign keys only `DETAIL` names them, as `Key (a,
 * b)=(1, 2) …` in any language: the names are read, the values are not.
 */
export function columnsOf(error: ServerError): readonly string[] {
  const named = error.column ?? copyPlaceOf(error).column
  if (named !== undefined) return [shownName(named)]
  if (!NAMING.has(error.code) || error.constraint === undefined) return []
  const end = error.detail?.indexOf(')=(') ?? -1
  const start = error.detail?.indexOf('(') ?? -1
  if (error.detail === undefined || end < 0 || start < 0) return []
  return error.detail
    .slice(start + 1, end)
    .split(', ', MAX_COLUMNS)
    .map((name) => shownName(name.replace(/^"(.*)"$/, '$1')))
}

/** The name of a database object, shortened to the length of a name. */
export function nameOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : shownName(name)
}

function shownName(name: string): string {
  return shownSentence(name).slice(0, MAX_NAME)
}

/**
 * The line and the column of a COPY's data that an error is about, from its context (`COPY plans, line 3,
 * column due_on: "…"`); the data itself is left out.
 */
export function copyPlaceOf({ where }: ServerError): { line?: number; column?: string } {
  for (const level of (where ?? '').split('\n')) {
    const at = level.indexOf(', line ')
    if (!level.startsWith('COPY ') || at < 0) continue
    // The name of the column is short; what comes after it is data.
    const rest = level.slice(at + ', line '.length, at + 2 * MAX_NAME)
    const line = /^\d+/.exec(rest)?.[0]
    if (line !== undefined) return { line: Number(line), ...columnOf(rest.slice(line.length)) }
  }
  return {}
}

function columnOf(rest: string): { column?: string } {
  if (!rest.startsWith(', column ')) return {}
  const named = rest.slice(', column '.length)
  const ends = [named.indexOf(': "'), named.indexOf(': null input')].filter((end) => end >= 0)
  return { column: named.slice(0, Math.min(named.length, ...ends)) }
}

/** Refusals of statements with values, of which the server's sentence may quote one. */
const valued = new WeakSet<object>()

/** Notes that values belong to the statement that failed: parameters, or literals made of them. */
export function noteValues(error: unknown): void {
  if (typeof error === 'object' && error !== null) valued.add(error)
}

/**
 * What the server says of a name or an expression in a statement, and in the same words of one in a value:
 * `to_tsquery($1)`, `$1::regclass`. Of the first it says the position too.
 */
const OF_TEXTS: ReadonlySet<string> = new Set(
  '0A000 3D000 3F000 42601 42602 42703 42704 42883 42P01 54000 58P01 XX000'.split(' '),
)

/** What the server puts around what it quotes, in any of its languages. */
const QUOTES = /["'`\u00ab\u00bb\u2018-\u201f]/

function mayQuoteValue(error: ServerError): boolean {
  if (error.code.startsWith('22')) return true
  if (!valued.has(error) || !OF_TEXTS.has(error.code) || !QUOTES.test(error.message)) return false
  return error.position === undefined && error.internalPosition === undefined
}

/**
 * The server's sentence, unless it may quote the data: that of a data exception (class 22) does, and others do where a
 * value holds a name or an expression. What a function raises may quote anything, and a connection string (dblink)
 * its password.
 */
export function safeMessageOf(error: ServerError): string {
  return mayQuoteValue(error)
    ? `PostgreSQL refused a value (SQLSTATE ${error.code})`
    : shownSentence(error.message)
}

/** Text of others, shortened, and without anything that looks like a secret. */
export function shownSentence(text: string): string {
  const isCut = text.length > READ_LENGTH
  return redaction.text(text.slice(0, READ_LENGTH), isCut).slice(0, MAX_SENTENCE)
}
