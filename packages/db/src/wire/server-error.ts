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
 * The columns of a violated constraint. For unique and foreign keys only `DETAIL` names them, as `Key (a,
 * b)=(1, 2) …` in any language: the names are read, the values are not.
 */
export function columnsOf(error: ServerError): readonly string[] {
  const named = error.column ?? copyPlaceOf(error).column
  if (named !== undefined) return [shownName(named)]
  const end = error.detail?.indexOf(')=(') ?? -1
  const start = error.detail?.indexOf('(') ?? -1
  if (error.detail === undefined || end < 0 || start < 0 || !error.code.startsWith('23')) return []
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

/**
 * The server's sentence, unless it is of the class that quotes the data (22: data exception). What a
 * function raises may quote anything, and a connection string (dblink) its password.
 */
export function safeMessageOf(error: ServerError): string {
  return error.code.startsWith('22')
    ? `PostgreSQL refused a value (SQLSTATE ${error.code})`
    : shownSentence(error.message)
}

/** Text of others, shortened, and without anything that looks like a secret. */
export function shownSentence(text: string): string {
  const isCut = text.length > READ_LENGTH
  return redaction.text(text.slice(0, READ_LENGTH), isCut).slice(0, MAX_SENTENCE)
}
