import { Readable } from 'node:stream'

/** The sources that a request has begun to read: what comes only once cannot be sent a second time. */
const used = new WeakSet<object>()

/** Notes that a request has taken `source`, whether it was read to its end or given up. */
export function markUsed(source: object): void {
  used.add(source)
}

/** Whether a request has taken it already. */
export function isUsed(source: unknown): boolean {
  return typeof source === 'object' && source !== null && used.has(source)
}

/**
 * Why `source` would be sent as an empty or a partial body; `undefined` when all of it is still there.
 *
 * A Node stream that was read in part, for its first bytes say, is sent from there on; a web stream that
 * was is refused, as `fetch` does. An iterator that other code has used up cannot be recognised.
 */
export function whyUnreadable(source: unknown): string | undefined {
  if (isUsed(source)) return 'one that another request has taken'
  if (source instanceof ReadableStream) {
    if (source.locked) return 'a web stream with another reader'
    return Readable.isDisturbed(source) ? 'a web stream that was read already' : undefined
  }
  if (typeof source !== 'object' || source === null) return undefined
  // Also those of `readable-stream` and of other copies.
  if ('readableEnded' in source && source.readableEnded === true) return 'a stream that has ended'
  if ('destroyed' in source && source.destroyed === true) return 'a stream that was destroyed'
  return undefined
}
