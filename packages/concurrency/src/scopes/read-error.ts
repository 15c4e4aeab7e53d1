/*
 * Safe reading of a thrown value. It is foreign, and may be anything: a proxy that was
 * revoked, an error with a getter that throws, one that has itself for a part. None of this ever throws:
 * a failure must not turn into another one because it was looked at.
 */

/** How many parts of an error are looked at. More are a mistake. */
const MAX_PARTS = 200_000

/** The field `key` of `error`; `undefined` when it has none, or when reading it throws. Never throws. */
export function fieldOf(error: unknown, key: PropertyKey): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  try {
    return (error as Record<PropertyKey, unknown>)[key]
  } catch {
    return undefined
  }
}

/** `error instanceof Class`; `false` when the test itself throws, as for some proxies. Never throws. */
export function isOf<T>(error: unknown, Class: abstract new (...args: never[]) => T): error is T {
  try {
    return error instanceof Class
  } catch {
    return false
  }
}

/** The message of an `Error`; `undefined` when it has none that is a string. Never throws. */
export function messageOf(error: unknown): string | undefined {
  if (!isOf(error, Error)) return undefined
  const message = fieldOf(error, 'message')
  return typeof message === 'string' ? message : undefined
}

/** Whether `holds` is true of `error`, or, if it combines several errors, of each of them. */
export function everyPart(error: unknown, holds: (part: unknown) => boolean): boolean {
  const parts = partsWithin(error)
  return parts.length > 0 && parts.every((part) => holds(part))
}

/**
 * The errors within an `AggregateError` or `SuppressedError`, at any depth; for other errors the error
 * itself.
 *
 * @param isWhole whether to take an error as it is instead of looking into it
 */
export function partsWithin(
  error: unknown,
  isWhole: (error: unknown) => boolean = () => false,
): readonly unknown[] {
  const first = isWhole(error) ? undefined : partsOf(error)
  if (first === undefined) return [error]
  const found: unknown[] = []
  const seen = new Set<unknown>([error])
  // No recursion: errors in clean-up may be nested ten thousand deep.
  const open = first.toReversed()
  while (open.length > 0) {
    const each = open.pop()
    if (typeof each === 'object' && each !== null) {
      if (seen.has(each)) continue
      seen.add(each)
    }
    const parts = isWhole(each) ? undefined : partsOf(each)
    if (parts === undefined) found.push(each)
    else for (let index = parts.length - 1; index >= 0; index -= 1) open.push(parts[index])
    if (seen.size + open.length > MAX_PARTS) return []
  }
  return found
}

/** The errors that an error combines; `undefined` if it combines none. */
function partsOf(error: unknown): readonly unknown[] | undefined {
  if (isOf(error, SuppressedError)) return [fieldOf(error, 'error'), fieldOf(error, 'suppressed')]
  if (!isOf(error, AggregateError)) return undefined
  try {
    const errors: unknown = error.errors
    if (!Array.isArray(errors) || errors.length === 0 || errors.length > MAX_PARTS) return undefined
    return Array.from<unknown>(errors)
  } catch {
    return undefined
  }
}
