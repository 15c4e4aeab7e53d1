import { expectRequiredOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { isOf, messageOf } from '../scopes/read-error.ts'
import { casesOf, type Fixture, type SuiteCase } from './suite-case.ts'

const DROP = 'drop table canary; create table harmed ()'

/**
 * Texts that do harm wherever they stand as SQL and not as a value: the table `canary` is gone then, or
 * `harmed` is there. One is empty, one is longer than most columns take.
 */
export const HOSTILE_SQL: readonly string[] = [
  `1; ${DROP}; --`,
  `1 from x; ${DROP}; --`,
  `'; ${DROP}; --`,
  `"; ${DROP}; --`,
  `\\'; ${DROP}; --`,
  `id"; ${DROP}; --`,
  `); ${DROP}; --`,
  `'); ${DROP}; --`,
  `1 second'; ${DROP}; --`,
  `x"; commit; ${DROP}; --`,
  `read only; ${DROP}; --`,
  `x\0; ${DROP}; --`,
  '\0',
  `now(); ${DROP}`,
  `$1; ${DROP}`,
  `/*; ${DROP}`,
  '',
  'x'.repeat(600),
]

/** What {@link exerciseHostileTexts} tries. */
export interface ExerciseHostileTextsInit<F extends Fixture> {
  /** Makes what is attacked, fresh for each way in. */
  readonly make: () => F | PromiseLike<F>
  /** The ways in for a text that comes from a request, by name. Where a type says otherwise too. */
  readonly ways: Readonly<Record<string, (fixture: F, text: string) => unknown>>
  /**
   * Whether the other side refused the text as a value. A `TypeError` that says `Expected …` always is a
   * good answer: it came before anything was sent. @default no other error is
   */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined
  /** Throws if harm was done. Asked after each text. */
  readonly check: (fixture: F, text: string) => unknown
  /** @default HOSTILE_SQL */
  readonly texts?: readonly string[] | undefined
}

const OPTIONS = ['make', 'ways', 'isRefusal', 'check', 'texts'] as const

/**
 * Makes cases that pass hostile texts to every function that takes one: each must be treated as a value, or
 * refused as one, and do no harm.
 *
 * @example
 * const cases = exerciseHostileTexts({
 *   make: openStore,
 *   ways: { 'a reference': ({ store }, text) => store.find(text) },
 *   isRefusal: (error) => /^2[23]/.test(String((error as { code?: unknown }).code)),
 *   check: async ({ db }) => assert.deepEqual(await tablesOf(db), ['canary']),
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function exerciseHostileTexts<F extends Fixture>(
  init: ExerciseHostileTextsInit<F>,
): readonly SuiteCase[] {
  expectRequiredOptions(init, OPTIONS, 'exerciseHostileTexts')
  const { make, ways, isRefusal = () => false, check, texts = HOSTILE_SQL } = init
  expectFunction('check', check)
  const of = casesOf(make)
  return Object.entries(ways).map(([name, way]) =>
    of(`is a value and nothing else: ${name}`, async (fixture) => {
      for (const text of texts) {
        await attempt(name, () => way(fixture, text), isRefusal)
        await check(fixture, text)
      }
    }),
  )
}

async function attempt(
  name: string,
  way: () => unknown,
  isRefusal: (error: unknown) => boolean,
): Promise<void> {
  try {
    await way()
  } catch (error) {
    const isMistake = isOf(error, TypeError) && messageOf(error)?.startsWith('Expected ') === true
    if (isMistake || isRefusal(error)) return
    throw new Error(`${name} was not refused as a value`, { cause: error })
  }
}
