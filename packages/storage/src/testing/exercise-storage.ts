import { exerciseObjects } from './exercise-objects.ts'
import { exerciseTokens } from './exercise-tokens.ts'
import { exerciseUploads } from './exercise-uploads.ts'
import type { MakeCase, StorageCase, StorageFixture } from './storage-case.ts'

/**
 * What every {@link Storage} does, whatever is behind it: the fake of this package and real stores pass
 * the same cases. No test framework is needed.
 *
 * @param make opens a storage with nothing under its prefix; it is disposed of after the case
 * @example
 * for (const { name, run } of exerciseStorage(makeFixture)) test(name, run)
 */
export function exerciseStorage(make: () => Promise<StorageFixture>): readonly StorageCase[] {
  const made: MakeCase = (name, body) => ({
    name,
    async run() {
      await using fixture = await make()
      await body(fixture)
    },
  })
  return [...exerciseObjects(made), ...exerciseUploads(made), ...exerciseTokens(made)]
}
