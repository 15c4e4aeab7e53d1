import type { Method } from './method.ts'

/** The method that a request is for, and the parts of its path, decoded. */
export interface Route {
  readonly method: Method
  readonly path: Readonly<Partial<Record<string, string>>>
}

/** None where no method has this verb and path. Methods without a part in the place of a word go first. */
export function routeOf(
  methods: readonly Method[],
  verb: string,
  pathname: string,
): Route | undefined {
  const given = pathname.split('/')
  const found = methods
    .filter((method) => method.verb === verb && fits(method.path.split('/'), given))
    .toSorted((a, b) => a.path.split(':').length - b.path.split(':').length)[0]
  if (!found) return undefined
  const parts = found.path.split('/').flatMap((part, at) => {
    return part.startsWith(':') ? [[part.slice(1), decodeURIComponent(given[at] ?? '')]] : []
  })
  return { method: found, path: Object.fromEntries(parts) as Record<string, string> }
}

function fits(pattern: readonly string[], given: readonly string[]): boolean {
  if (pattern.length !== given.length) return false
  return pattern.every((part, at) => part.startsWith(':') || part === given[at])
}
