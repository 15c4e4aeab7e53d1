import type { ServerResponse } from 'node:http'

/** What `write`, `end` and `writeHead` are called with. */
export type Arguments = readonly unknown[]

type Pair = readonly [name: unknown, value: unknown]

/**
 * The headers that `writeHead` is called with, if it is: an object, or a list of names and values, or one of pairs.
 * Node takes all three.
 */
export function givenHeaders(head: Arguments): object | undefined {
  return head.findLast((part): part is object => typeof part === 'object' && part !== null)
}

/** The values of a header that is about to be sent: given to `writeHead`, or else set before. */
export function valuesOf(
  response: ServerResponse,
  name: string,
  given: object | undefined,
): readonly string[] {
  const values: unknown[] = []
  if (Array.isArray(given)) {
    for (const [key, value] of pairsOf(given)) if (isNamed(key, name)) values.push(value)
  } else {
    for (const key in given) {
      if (isNamed(key, name)) values.push((given as Record<string, unknown>)[key])
    }
  }
  if (values.length === 0) values.push(response.getHeader(name))
  return values
    .flat()
    .filter((value) => value !== undefined)
    .map(String)
}

/**
 * Leaves headers out of a head that is about to be sent, whether they were set or are given to `writeHead`.
 *
 * @returns what `writeHead` is to be called with
 */
export function without(
  response: ServerResponse,
  head: Arguments,
  names: readonly string[],
): Arguments {
  for (const name of names) response.removeHeader(name)
  return head.map((part) =>
    typeof part === 'object' && part !== null ? headersWithout(part, names) : part,
  )
}

/** The headers, in the form in which they are, without those. */
export function headersWithout(headers: object, names: readonly string[]): object {
  const isKept = ([name]: Pair): boolean => !names.some((each) => isNamed(name, each))
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(isKept))
  const kept = pairsOf(headers).filter(isKept)
  return Array.isArray(headers[0]) ? kept : kept.flat()
}

/** A list of names and values, or of pairs, as pairs. */
function pairsOf(list: readonly unknown[]): readonly Pair[] {
  if (Array.isArray(list[0])) return list as readonly Pair[]
  const pairs: Pair[] = []
  for (let at = 0; at < list.length; at += 2) pairs.push([list[at], list[at + 1]])
  return pairs
}

function isNamed(given: unknown, name: string): boolean {
  return typeof given === 'string' && given.length === name.length && given.toLowerCase() === name
}
