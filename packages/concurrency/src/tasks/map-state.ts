/**
 * The state of a map. It only moves forwards, except that `ready` and `pulling` alternate.
 *
 * - `ready`: the source can be asked for an item.
 * - `pulling`: it is being asked.
 * - `exhausted`: it has no more items; results are still to come or to be consumed.
 * - `stopped`: by a failure, a cancel or the end of the loop. The source is closed, no result counts.
 * - `finished`: the failure was thrown, or all is consumed. From now on `next` only says that it is done.
 */
export type MapState = 'ready' | 'pulling' | 'exhausted' | 'stopped' | 'finished'

/** Whether the source may have more items. */
export function isFed(state: MapState): boolean {
  return state === 'ready' || state === 'pulling'
}

/** Whether results count. */
export function isOpen(state: MapState): boolean {
  return isFed(state) || state === 'exhausted'
}
