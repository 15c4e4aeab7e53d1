import { Redaction } from '@yuzuru/concurrency/boundary'

const redaction = new Redaction()

/** An `ErrorResponse` of the server, as pg throws it. */
export interface ServerError extends Error {
  readonly code: string
  readonly severity: string
  readonly detail?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
  /** The context, a line a level. It may quote data. */
  readonly where?: string | undefined
}

/** Whether the server itself said it, as opposed to the socket or the client. */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  )
}

/**
 * The columns that a violation is about. For unique and foreign keys only `DETAIL` names them, as
 * `Key (a, b)=(1, 2) …` in whatever language: the names are taken, the values are not.
 */
export function columnsOf(error: ServerError): readonly string[] {
  const named = error.column ?? copyPlaceOf(error).column
  if (named !== undefined) return [named]
  const end = error.detail?.indexOf(')=(') ?? -1
  const start = error.detail?.indexOf('(') ?? -1
  if (error.detail === undefined || end < 0 || start < 0 || !error.code.startsWith('23')) return []
  return error.detail
    .slice(start + 1, end)
    .split(', ')
    .map((name) => name.replace(/^"(.*)"$/, '$1'))
}

/** Where a COPY's context says that it stood: `COPY plans, line 3, column due_on: "…"`. */
const COPY_PLACE = /^COPY .*?, line (\d+)(?:, column (.*?))?(?:: "|: null input$|$)/m

/** The line and the column of a COPY's data that an error is about; the data itself is left out. */
export function copyPlaceOf({ where }: ServerError): { line?: number; column?: string } {
  const [, line, column] = COPY_PLACE.exec(where ?? '') ?? []
  return {
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column }),
  }
}

/**
 * The server's sentence, unless it is of the class that quotes the data (22: data exception). What a
 * function raises may quote anything, and a connection string (dblink) its password.
 */
export function safeMessageOf(error: ServerError): string {
  return error.code.startsWith('22')
    ? `PostgreSQL refused a value (SQLSTATE ${error.code})`
    : redaction.text(error.message)
}
