import { expected } from '@yuzuru/concurrency/boundary'

/*
 * Everything that this package itself writes into the text of a statement goes through here: what can
 * be a parameter is one, and what cannot be (names, counts, words) is checked and quoted, whatever its
 * type says. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** The server cuts off what is longer, so that two names may become one (`NAMEDATALEN`). */
const NAME_BYTES = 63

/** The most that the server takes for a count of rows. */
const MAX_COUNT = 2 ** 31 - 1

/** A name in double quotes. @throws {TypeError} unless it is one that PostgreSQL keeps as it is */
export function identifier(option: string, name: unknown): string {
  const fits =
    typeof name === 'string' &&
    name !== '' &&
    !name.includes('\0') &&
    Buffer.byteLength(name) <= NAME_BYTES
  if (fits) return `"${name.replaceAll('"', '""')}"`
  throw expected(`${option} to be a name of 1 to ${NAME_BYTES} bytes without U+0000`, name)
}

/** A number of rows. @throws {TypeError} unless it is an integer from 1 up that the server takes */
export function rowCount(option: string, value: unknown): string {
  if (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_COUNT) {
    return Number(value).toString()
  }
  throw expected(`${option} to be an integer from 1 to ${MAX_COUNT}`, value)
}

/** A whole number of milliseconds from 1 up. @throws {TypeError} unless `value` is a number above 0 */
export function milliseconds(option: string, value: unknown): string {
  if (typeof value === 'number' && value > 0) return Math.ceil(value).toString()
  throw expected(`${option} to be a number of milliseconds above 0`, value)
}

/** One of a few words. @throws {TypeError} for any other */
export function word(option: string, value: unknown, words: readonly string[]): string {
  const found = words.find((each) => each === value)
  if (found !== undefined) return found
  throw expected(`${option} to be one of ${words.join(', ')}`, value)
}

/**
 * A constant, whatever `standard_conforming_strings` says.
 *
 * @throws {TypeError} unless it is text that PostgreSQL can hold
 */
export function literal(option: string, text: unknown): string {
  if (typeof text !== 'string' || text.includes('\0')) {
    throw expected(`${option} to be text without U+0000`, text)
  }
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/**
 * The text of a statement as it can be sent. A zero byte would end it in the middle of its message, and
 * the server would read the rest as something else; half a surrogate pair would arrive as U+FFFD.
 *
 * @throws {TypeError} unless it is well-formed text without U+0000
 */
export function statementText(text: unknown): string {
  if (typeof text !== 'string' || text.includes('\0')) {
    throw expected('the text of a statement to be without U+0000', text)
  }
  if (text.isWellFormed()) return text
  throw new TypeError(
    'Expected the text of a statement to be well-formed, got a lone surrogate in it',
  )
}
