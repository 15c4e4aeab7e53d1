/*
 * For tests: the messages of a server, and a few tables' worth of answers.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** A message of a server: its kind, and its length unless that is to be a lie. */
export interface Message {
  readonly kind: string
  readonly content: Buffer
  readonly length?: number
}

/** The id that the server says its process has. */
const PROCESS_ID = 4_242

export function message(kind: string, ...parts: readonly (Buffer | string)[]): Message {
  return { kind, content: Buffer.concat(parts.map((part) => Buffer.from(part as string))) }
}

export function bytesOf({ kind, content, length = content.length + 4 }: Message): Buffer {
  const head = Buffer.alloc(5)
  head.write(kind, 0, 'latin1')
  head.writeUInt32BE(length >>> 0, 1)
  return Buffer.concat([head, content])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export const text = (value: string): string => `${value}\0`

export const authentication = (kind: number, rest: Buffer | string = ''): Message =>
  message('R', int32(kind), rest)

export const columns = (...columns: readonly (readonly [name: string, type: number])[]): Message =>
  message(
    'T',
    int16(columns.length),
    ...columns.flatMap(([name, type]) => [
      text(name),
      Buffer.concat([int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0)]),
    ]),
  )

export const row = (...values: readonly (string | null)[]): Message =>
  message(
    'D',
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), value],
    ),
  )

export const complete = (tag: string): Message => message('C', text(tag))
export const ready = (status = 'I'): Message => message('Z', status)
export const setting = (name: string, value: string): Message =>
  message('S', text(name), text(value))

export const failure = (fields: Readonly<Record<string, string>>, kind = 'E'): Message =>
  message(kind, ...Object.entries(fields).map(([letter, value]) => letter + text(value)), '\0')

export const refusal = (code: string, said = 'no', severity = 'ERROR'): Message =>
  failure({ S: severity, V: severity, C: code, M: said })

/** What a server says before the first statement to whom it trusts. */
export const startup = (): Message[] => [
  authentication(0),
  setting('client_encoding', 'UTF8'),
  setting('DateStyle', 'ISO, MDY'),
  setting('standard_conforming_strings', 'on'),
  message('K', int32(PROCESS_ID), int32(7)),
  ready(),
]

/** What a statement gives: its columns and rows, and how it is completed. */
export interface Given {
  readonly columns?: Message
  readonly rows: readonly Message[]
  readonly tag: string
}

/** Answers by the first words of a statement. */
export function givenBy(sql: string): Given {
  const statement = sql.trim().toLowerCase()
  if (statement.includes('pg_is_in_recovery')) {
    const id = statement.includes('pg_backend_pid') ? `${PROCESS_ID} 77` : '77'
    return { columns: columns(['id', 25]), rows: [row(id)], tag: 'SELECT 1' }
  }
  if (statement.includes('pg_backend_pid')) {
    const rows = [row(String(PROCESS_ID))]
    return { columns: columns(['pid', 23]), rows, tag: 'SELECT 1' }
  }
  if (/^(select|fetch|values)/.test(statement)) {
    const tag = statement.startsWith('fetch') ? 'FETCH 1' : 'SELECT 1'
    return { columns: columns(['x', 23], ['y', 25]), rows: [row('1', 'one')], tag }
  }
  if (statement.startsWith('insert')) return { rows: [], tag: 'INSERT 0 1' }
  return { rows: [], tag: (/^[a-z]+/.exec(statement)?.[0] ?? 'select').toUpperCase() }
}
