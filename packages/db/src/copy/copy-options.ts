import { expected } from '@yuzuru/concurrency/boundary'
import { literal, word } from '../statements/sql-text.ts'

/** The format of COPY's bytes. https://www.postgresql.org/docs/current/sql-copy.html */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  /** Whether the first line names the columns; not with `'binary'`. @default false */
  readonly header?: boolean | undefined
  /** One character of one byte; not with `'binary'`. @default a comma for CSV, a tab for text */
  readonly delimiter?: string | undefined
  /** What stands for NULL; not with `'binary'`. @default nothing, without quotes, for CSV; `\N` for text */
  readonly nullText?: string | undefined
}

const FORMATS = ['text', 'csv', 'binary'] as const

/** COPY's options in parentheses. Rows go as text. @throws {TypeError} on the first wrong one */
export function formatText({
  format = 'text',
  header,
  delimiter,
  nullText,
}: Partial<CopyFormat>): string {
  const options = [`format ${word('format', format, FORMATS)}`]
  if (header !== undefined) {
    if (typeof header !== 'boolean') {
      throw expected('header to be a boolean', header)
    }
    options.push(`header ${header}`)
  }
  if (delimiter !== undefined) options.push(`delimiter ${literal('delimiter', delimiter)}`)
  if (nullText !== undefined) options.push(`null ${literal('nullText', nullText)}`)
  if (format === 'binary' && options.length > 1) {
    throw new TypeError('Expected no header, delimiter or nullText with the format binary')
  }
  return `(${options.join(', ')})`
}
