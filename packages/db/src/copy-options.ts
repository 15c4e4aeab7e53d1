import { describeValue } from '@yuzuru/concurrency'

/** How bytes are to be read, or written. https://www.postgresql.org/docs/current/sql-copy.html */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  /** Whether the first line names the columns; not with `'binary'`. @default false */
  readonly header?: boolean
  /** One character of one byte; not with `'binary'`. @default a comma for CSV, a tab for text */
  readonly delimiter?: string
  /** What stands for NULL; not with `'binary'`. @default nothing, without quotes, for CSV; `\N` for text */
  readonly nullText?: string
}

const FORMATS: readonly unknown[] = ['text', 'csv', 'binary']

/** COPY's options in parentheses. Rows go as text. @throws {TypeError} on the first wrong one */
export function formatText({
  format = 'text',
  header,
  delimiter,
  nullText,
}: Partial<CopyFormat>): string {
  if (!FORMATS.includes(format)) {
    throw new TypeError(`Expected format among ${FORMATS.join(', ')}, got ${describeValue(format)}`)
  }
  const options = [`format ${format}`]
  if (header !== undefined) {
    if (typeof header !== 'boolean') {
      throw new TypeError(`Expected header to be a boolean, got ${describeValue(header)}`)
    }
    options.push(`header ${header}`)
  }
  if (delimiter !== undefined) options.push(`delimiter ${quoted('delimiter', delimiter)}`)
  if (nullText !== undefined) options.push(`null ${quoted('nullText', nullText)}`)
  if (format === 'binary' && options.length > 1) {
    throw new TypeError('Expected no header, delimiter or nullText with the format binary')
  }
  return `(${options.join(', ')})`
}

function quoted(name: string, text: unknown): string {
  if (typeof text === 'string' && !text.includes('\0')) return literal(text)
  throw new TypeError(`Expected ${name} to be text without U+0000, got ${describeValue(text)}`)
}

/**
 * A constant in SQL, whatever `standard_conforming_strings` says.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
export function literal(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}
