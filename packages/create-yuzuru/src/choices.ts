/** What answers the requests of a new service. */
export type Framework = 'hono' | 'fastify' | 'express'

/** What a new service has beside `@yuzuru/server` and `@yuzuru/db`. */
export type ServicePackage = 'jobs' | 'mail' | 'storage'

/** The frameworks that there are; the first is the default. */
export const FRAMEWORKS: readonly Framework[] = ['hono', 'fastify', 'express']

/** The packages that there are; the default is all of them. */
export const PACKAGES: readonly ServicePackage[] = ['jobs', 'mail', 'storage']

/** How a new service is made. */
export interface ServiceChoices {
  /** Of the package, as npm takes it: at most 214 lower-case letters, digits, `-`, `.` and `_`. */
  readonly name: string
  /** @default 'hono' */
  readonly framework?: Framework | undefined
  /** @default all of them */
  readonly packages?: readonly ServicePackage[] | undefined
}

/** What is chosen; `undefined` for what was not said. */
export interface Given {
  readonly folder: string | undefined
  readonly framework: Framework | undefined
  readonly packages: readonly ServicePackage[] | undefined
}

/** A choice that cannot be taken: its message is for the person who made it. */
export class ChoiceError extends Error {
  override readonly name = 'ChoiceError'
}

/** @throws {ChoiceError} unless npm takes the name */
export function expectName(name: string): void {
  if (name.length <= 214 && /^[a-z0-9][a-z0-9._-]*$/.test(name) && name !== 'node_modules') return
  throw new ChoiceError(
    `Expected a name of lower-case letters, digits, "-", "." and "_", such as my-service, got ${JSON.stringify(name)}`,
  )
}

/** @throws {ChoiceError} unless there is such a framework */
export function expectFramework(framework: string): Framework {
  const known = FRAMEWORKS.find((name) => name === framework)
  if (known !== undefined) return known
  throw unknown('framework', FRAMEWORKS, framework)
}

/** @throws {ChoiceError} unless there are such packages */
export function expectPackages(packages: readonly string[]): readonly ServicePackage[] {
  const wrong = packages.find((name) => PACKAGES.every((known) => known !== name))
  if (wrong !== undefined) throw unknown('package', PACKAGES, wrong)
  return PACKAGES.filter((name) => packages.includes(name))
}

function unknown(what: string, known: readonly string[], given: string): ChoiceError {
  return new ChoiceError(
    `Expected a ${what} among ${known.join(', ')}, got ${JSON.stringify(given)}`,
  )
}
