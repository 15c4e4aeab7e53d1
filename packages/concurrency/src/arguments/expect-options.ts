import { expected } from './expected.ts'

/**
 * Throws if `options` has a key that nobody reads: a misspelt option would pass in silence.
 *
 * @param options what the caller passed; `undefined` means none
 * @param known the names of all options that there are
 * @param where the function, in the message
 * @throws {TypeError} that names the nearest known option
 * @example
 * expectOptions(options, ['timeoutMs', 'signal'], 'upload')
 * // TypeError: Expected a known option of upload, got "timeoutMS"; did you mean "timeoutMs"?
 */
export function expectOptions(options: unknown, known: readonly string[], where: string): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null) {
    throw expected(`the options of ${where} to be an object`, options)
  }
  // Inherited ones too: they are read just like its own.
  for (const key in options) if (!known.includes(key)) throw unknownOption(key, known, where)
}

/**
 * Like {@link expectOptions}, for what cannot be left out: `undefined` is refused too.
 *
 * @throws {TypeError} that names the nearest known option
 * @example
 * expectRequiredOptions(options, ['url', 'connections'], 'createRedis')
 */
export function expectRequiredOptions(
  options: unknown,
  known: readonly string[],
  where: string,
): asserts options is object {
  if (options === undefined) throw expected(`the options of ${where} to be an object`, options)
  expectOptions(options, known, where)
}

function unknownOption(key: string, known: readonly string[], where: string): TypeError {
  // A key that does not look like a name may be anything, even a secret.
  const got = /^[\w$.-]{1,64}$/.test(key) ? `"${key}"` : 'another'
  const near = nearest(key, known)
  const advice = near === undefined ? `it takes ${known.join(', ')}` : `did you mean "${near}"?`
  return new TypeError(`Expected a known option of ${where}, got ${got}; ${advice}`)
}

/** The known name that `key` was most probably meant to be, if there is one. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const least = Math.max(2, Math.floor(key.length / 3))
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of known) {
    const [a, b] = [key.toLowerCase(), name.toLowerCase()]
    const isPart = a.length >= 3 && b.startsWith(a)
    const distance = isPart ? 1 : editDistance(a, b)
    if (distance <= least && distance < b.length && distance < (best?.distance ?? Infinity)) {
      best = { name, distance }
    }
  }
  return best?.name
}

/**
 * How many characters have to be put in, taken out, replaced or swapped with their neighbour (optimal
 * string alignment).
 */
function editDistance(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
