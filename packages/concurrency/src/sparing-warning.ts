const QUIET_MS = 60_000
/** So many different warnings are remembered; then all may be heard again. */
const REMEMBERED = 1_000

/** When each warning was given last, on the process's own clock. */
const given = new Map<string, number>()

/**
 * Gives a process warning, but not the same one twice within a minute: what goes wrong in every request
 * should be seen in the log, not fill it.
 */
export function warnSparingly(message: string, type: string): void {
  const key = `${type}: ${message}`
  const now = performance.now()
  const last = given.get(key)
  if (last !== undefined && now - last < QUIET_MS) return
  if (given.size >= REMEMBERED) given.clear()
  given.set(key, now)
  process.emitWarning(message, type)
}
