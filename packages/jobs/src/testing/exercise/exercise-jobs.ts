import { casesOf, type SuiteCase } from '@yuzuru/concurrency/testing'
import { attemptsCases } from './attempts.ts'
import { cronsCases } from './crons.ts'
import { effectsCases } from './effects.ts'
import { findingCases } from './finding.ts'
import { flowsCases } from './flows.ts'
import { groupsCases } from './groups.ts'
import { isolatedCases } from './isolated.ts'
import type { Cases, JobsFixture } from './jobs-fixture.ts'
import { keysCases } from './keys.ts'
import { limitsCases } from './limits.ts'
import { payloadsCases } from './payloads.ts'
import { queueingCases } from './queueing.ts'
import { resultsCases } from './results.ts'
import { stepsCases } from './steps.ts'
import { waitsCases } from './waits.ts'
import { workersCases } from './workers.ts'

/** All cases, by their names. */
export const CASES: Cases = {
  ...queueingCases,
  ...payloadsCases,
  ...attemptsCases,
  ...resultsCases,
  ...effectsCases,
  ...keysCases,
  ...groupsCases,
  ...limitsCases,
  ...stepsCases,
  ...waitsCases,
  ...flowsCases,
  ...cronsCases,
  ...findingCases,
  ...isolatedCases,
  ...workersCases,
}

/**
 * Makes cases that must pass on your PostgreSQL, driver and pooler: one for everything that a queue does. Each case takes
 * a fixture of its own and uses job names of its own, so it may share the database. Those of handlers in threads and
 * processes need the packages `piscina` and `tinypool`, and write a module into the folder for temporary files.
 *
 * @example
 * const cases = exerciseJobs(async () => {
 *   const db = createDatabase<Schema>({ url })
 *   const close = (): Promise<void> => db.close()
 *   return { db, transaction: (fn) => transaction(db, fn), [Symbol.asyncDispose]: close }
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function exerciseJobs<DB>(
  make: () => JobsFixture<DB> | Promise<JobsFixture<DB>>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries(CASES).map(([name, check]) => of(name, check))
}
