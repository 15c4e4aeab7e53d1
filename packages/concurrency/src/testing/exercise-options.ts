import { expected } from '../arguments/expected.ts'
import { expectRequiredOptions } from '../arguments/expect-options.ts'
import type { SuiteCase } from './suite-case.ts'

/** Calls one function of the package with `options` in their place, or one option that has some of its own. */
export type OptionsTaker = (options: never) => unknown

/** What {@link exerciseOptions} tries. */
export interface ExerciseOptionsInit {
  /** Each public function or method that takes options, by name: `'storage.upload'`, `'createHttp.retry'`. */
  readonly takers: Readonly<Record<string, OptionsTaker>>
  /** The names of those that take none, with spaces between. @default '' */
  readonly others?: string | undefined
  /**
   * What is public, so that none is forgotten: modules under `''`, objects and instances under the name
   * that stands before their methods. A function is called when the cases run.
   *
   * @default {}
   */
  readonly faces?: Readonly<Record<string, Face | readonly Face[]>> | undefined
}

/** Something with public names, or what gives it when the cases run. */
export type Face = object | (() => object)

const EVERY = 'every public function and method that takes options'

const REFUSED = /^Expected a known option of [\w.]+, got "nmae"; (did you mean "\w+"\?|it takes )/

/**
 * Makes cases which show that every function refuses an unknown option and `null` with a `TypeError` before
 * anything leaves the process: JavaScript itself would ignore a misspelt option. A public function or method
 * that is in neither list fails a case.
 *
 * Check afterwards that no connection or request was made: the cases cannot see that.
 *
 * @example
 * const cases = exerciseOptions({
 *   takers: {
 *     createRedis: (options) => createRedis(options),
 *     'redis.set': (options) => redis.set('a', '1', options),
 *   },
 *   others: 'RedisError redis.close',
 *   faces: { '': [index], redis: () => redis },
 * })
 * describe('a misspelt option is refused by', () => {
 *   for (const { name, run } of cases) test(name, run)
 * })
 */
export function exerciseOptions(init: ExerciseOptionsInit): readonly SuiteCase[] {
  expectRequiredOptions(init, ['takers', 'others', 'faces'], 'exerciseOptions')
  const { takers, others = '', faces = {} } = init
  if (typeof takers !== 'object' || takers === null) {
    throw expected('takers to be an object of functions', takers)
  }
  const rest = new Set(others.split(/\s+/).filter((name) => name !== ''))
  return [
    ...Object.entries(takers).map(([name, take]) => ({
      name,
      run: () => tryTaker(name, take, rest),
    })),
    {
      name: EVERY,
      run: async () => expectAll(namesOf(faces), takers, rest),
    },
  ]
}

async function tryTaker(
  name: string,
  take: OptionsTaker,
  others: ReadonlySet<string>,
): Promise<void> {
  if (others.has(name)) throw new Error(`${name} is listed as one that takes no options`)
  const misspelt = await failureOf(name, () => take({ nmae: 'x' } as never))
  if (!(misspelt instanceof TypeError) || !REFUSED.test(misspelt.message)) {
    throw new Error(`${name} does not say which option it does not know`, { cause: misspelt })
  }
  const none = await failureOf(name, () => take(null as never))
  if (!(none instanceof TypeError)) {
    throw new Error(`${name} does not refuse null with a TypeError`, { cause: none })
  }
}

async function failureOf(name: string, attempt: () => unknown): Promise<unknown> {
  try {
    await attempt()
  } catch (error) {
    return error
  }
  throw new Error(`${name} takes what it does not know`)
}

function expectAll(names: readonly string[], takers: object, others: ReadonlySet<string>): void {
  const missing = names.filter((name) => !(name in takers) && !others.has(name))
  if (missing.length > 0) throw new Error(`Not tried: ${missing.join(', ')}`)
}

function namesOf(faces: NonNullable<ExerciseOptionsInit['faces']>): string[] {
  return Object.entries(faces).flatMap(([prefix, given]) =>
    [given].flat().flatMap((face: Face) => {
      const names = publicNames(typeof face === 'function' ? (face as () => object)() : face)
      return names.map((name) => (prefix === '' ? name : `${prefix}.${name}`))
    }),
  )
}

/** Its own names, and what its class and those that it extends give it. */
function publicNames(face: object): string[] {
  const names = new Set(Object.keys(face))
  let each: unknown = Object.getPrototypeOf(face)
  while (each !== null && each !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(each)) names.add(name)
    each = Object.getPrototypeOf(each)
  }
  names.delete('constructor')
  return [...names]
}
