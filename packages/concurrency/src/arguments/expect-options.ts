import { expected } from './expected.ts'

/**
 * Throws if `options` has an unknown key: JavaScript would ignore a misspelt option in silence.
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
 * Like {@link expectOptions}, for options that cannot be left out: `undefined` is refused too.
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
  let least = Math.max(2, Math.floor(key.length / 3)) + 1
  let best: string | undefined
  for (const name of known) {
    const distance = distanceOf(key.toLowerCase(), name.toLowerCase())
    if (distance < Math.min(least, name.length)) {
      best = name
      least = distance
    }
  }
  return best
}

/** How many characters have to be put in, taken out or replaced (Levenshtein); 1 where `a` begins `b`. */
function distanceOf(a: string, b: string): number {
  if (a.length >= 3 && b.startsWith(a)) return 1
  // Of what stands before each place of `b`, to what stands before the current place of `a`.
  let row = Array.from({ length: b.length + 1 }, (_, place) => place)
  for (const letter of a) {
    let last = row[0] as number
    row = row.map((above, place) => {
      const kept = (row[place - 1] ?? last) + (b[place - 1] === letter ? 0 : 1)
      return (last = place === 0 ? above + 1 : Math.min(above + 1, last + 1, kept))
    })
  }
  return row.at(-1) as number
}
