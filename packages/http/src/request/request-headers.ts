import { expected } from '@yuzuru/concurrency/boundary'
import { describeValue } from '@yuzuru/concurrency'

/** RFC 9110, 5.6.2: what a header's name may be made of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** RFC 9110, 5.5: no control characters but the tab; nothing that does not fit into a byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether it may be a method or the name of a header. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Headers by lower-case name, checked. */
export function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return mergeHeaders({}, headers)
}

/** The headers of the client with those of a call laid over them; `undefined` takes one off. */
export function mergeHeaders(
  base: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> {
  const merged = { ...base }
  if (added === undefined) return merged
  for (const given of Object.keys(added)) {
    const name = given.toLowerCase()
    const value = added[given]
    if (!TOKEN.test(name)) throw expected('the name of a header', given)
    if (value === undefined) {
      delete merged[name]
      continue
    }
    expectValue(name, value)
    merged[name] = value
  }
  return merged
}

/** Throws unless `value` stays within its header: no line break, no other control character. */
export function expectValue(name: string, value: unknown): void {
  if (typeof value === 'string' && VALUE.test(value)) return
  const got = typeof value === 'string' ? 'one with other characters' : describeValue(value)
  throw new TypeError(
    `Expected the header "${name}" to be a string of printable Latin-1, got ${got}`,
  )
}
