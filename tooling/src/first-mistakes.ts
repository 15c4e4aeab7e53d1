import { inspect } from 'node:util'

/** What somebody may pass who has not read what a function takes. */
const GUESSES: readonly (readonly unknown[])[] = [
  [],
  [undefined, undefined],
  [null, null],
  [{}, {}],
  ['x', 'y'],
]

/** How long a call may take before it is taken for one that nothing is wrong with, in milliseconds. */
const LONGEST_MS = 500

/**
 * Calls each function of a package's public face with too little or the wrong thing, and gives what is thrown but a
 * `TypeError` that begins with "Expected": those say what to pass, and Node's own say where it stumbled.
 *
 * @param except functions that are called by a framework, or that start something whatever they are given
 */
export async function unclearMistakes(
  face: Readonly<Record<string, unknown>>,
  except: readonly string[] = [],
): Promise<readonly string[]> {
  const unclear: string[] = []
  for (const [name, fn] of Object.entries(face)) {
    if (typeof fn !== 'function' || except.includes(name)) continue
    if (/^class\b/.test(Function.prototype.toString.call(fn))) continue
    for (const guess of GUESSES) {
      const error = await failureOf(() => (fn as (...guess: unknown[]) => unknown)(...guess))
      if (error === undefined || isClear(error)) continue
      unclear.push(
        `${name}(${guess.map((each) => typeof each).join(', ')}): ${inspect(error, { depth: 0 }).split('\n')[0]}`,
      )
    }
  }
  return unclear
}

function isClear(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith('Expected ')
}

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    const made = call()
    await Promise.race([firstOf(made), new Promise((done) => setTimeout(done, LONGEST_MS))])
    return undefined
  } catch (error) {
    return error
  }
}

/** A list fails when it is asked for its first, and a promise by itself. */
function firstOf(made: unknown): unknown {
  const isList = typeof made === 'object' && made !== null && 'next' in made
  return isList && typeof made.next === 'function' ? made.next() : made
}
