import { currentClock } from './clock.ts'
import { fieldOf } from './read-error.ts'

/** How long a message is not repeated, in milliseconds. */
const SILENCE_MS = 60_000

/** How many messages are remembered. */
const MAX_KINDS = 1_000

/** When each message was last shown. */
const warned = new Map<string, number>()

/** A process warning, once a minute for each message. It must not hold a secret. */
export function warnRarely(message: string, type: string): void {
  const now = currentClock().now()
  if (Math.abs(now - (warned.get(message) ?? -Infinity)) < SILENCE_MS) return
  if (warned.size >= MAX_KINDS) warned.clear()
  warned.set(message, now)
  process.emitWarning(message, type)
}

/**
 * The name and the code of an error, if they look like names: what can be shown of it without its message,
 * which may hold a secret.
 */
export function kindOfError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error
  const words = [fieldOf(error, 'name'), fieldOf(error, 'code')]
  return (
    words.filter((each) => typeof each === 'string' && /^\w{1,64}$/.test(each)).join(' ') ||
    'object'
  )
}
