import { expectFunction, expectText } from '../arguments/expected.ts'

/** One case of a suite, for any test framework: `for (const { name, run } of cases) test(name, run)`. */
export interface SuiteCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** What a suite is given to try: the thing itself, and what looks at it from the other side. */
export type Fixture = AsyncDisposable

/** Makes a case whose body gets a fixture of its own; `settings` are what the fixture is made with. */
export type MakeCase<F, S extends unknown[] = []> = (
  name: string,
  body: (fixture: F) => unknown,
  ...settings: S
) => SuiteCase

/**
 * Makes the cases of a suite, each with a fixture of its own that is disposed of when the case has ended,
 * passed or failed.
 *
 * @param make makes a fixture; a case may pass it settings
 * @example
 * export function exerciseRedis(make: () => Promise<RedisFixture>): readonly SuiteCase[] {
 *   const of = casesOf(make)
 *   return [
 *     of('gives what was set', async ({ redis }) => {
 *       await redis.set('a', '1')
 *       assert.equal(await redis.get('a'), '1')
 *     }),
 *   ]
 * }
 */
export function casesOf<F extends Fixture, S extends unknown[] = []>(
  make: (...settings: S) => F | PromiseLike<F>,
): MakeCase<F, S> {
  expectFunction('make', make)
  return (name, body, ...settings) => {
    expectText('name', name)
    expectFunction('body', body)
    return {
      name,
      async run() {
        await using fixture = await make(...settings)
        await body(fixture)
      },
    }
  }
}
