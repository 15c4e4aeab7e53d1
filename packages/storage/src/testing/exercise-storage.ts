import { casesOf, type SuiteCase } from '@yuzuru/concurrency/testing'
import { exerciseObjects } from './exercise-objects.ts'
import { exerciseTokens } from './exercise-tokens.ts'
import { exerciseUploads } from './exercise-uploads.ts'
import type { StorageFixture } from './storage-fixture.ts'

/**
 * What every {@link Storage} does, whatever is behind it: the fake of this package and real stores pass
 * the same cases. No test framework is needed.
 *
 * @param make opens a storage with nothing under its prefix; it is disposed of after the case
 * @example
 * for (const { name, run } of exerciseStorage(makeFixture)) test(name, run)
 */
export function exerciseStorage(make: () => Promise<StorageFixture>): readonly SuiteCase[] {
  const made = casesOf(make)
  return [...exerciseObjects(made), ...exerciseUploads(made), ...exerciseTokens(made)]
}
