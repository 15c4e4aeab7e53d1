/** What `changeset status --output` writes of a package. */
export interface PlannedRelease {
  readonly name: string
  readonly type: 'none' | 'patch' | 'minor' | 'major'
  readonly oldVersion: string
  readonly newVersion: string
}

/** A package whose development dependencies users get too. */
const CREATOR = 'create-yuzuru'

/**
 * What would make the versions to come a bad release.
 *
 * @param plan each package that changes
 * @param published the names of all packages that are published
 * @param written the packages whose versions `create-yuzuru` writes into a new service
 */
export function planFaults(
  plan: readonly PlannedRelease[],
  published: ReadonlySet<string>,
  written: readonly string[],
): string[] {
  const releases = plan.filter(({ name, type }) => type !== 'none' && published.has(name))
  const faults = releases
    .filter(({ newVersion }) => !/^\d+\.\d+\.\d+$/.test(newVersion) || newVersion === '0.0.0')
    .map(({ name, newVersion }) => `${name}: its next version is ${newVersion}`)
  const names = new Set(releases.map(({ name }) => name))
  // No dependency tells the changesets so: the versions that it writes are those of its own tests.
  const changed = written.filter((name) => names.has(name))
  if (changed.length > 0 && !names.has(CREATOR)) {
    faults.push(
      `${CREATOR}: it needs a changeset, as it would write older versions of ${changed.join(', ')}`,
    )
  }
  return faults
}
