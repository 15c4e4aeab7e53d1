/**
 * How far a map is. It goes only forwards, but for `ready` and `pulling`, which take turns.
 *
 * - `ready`: the source can be asked for an item.
 * - `pulling`: it is being asked.
 * - `exhausted`: it gives nothing more; results are still to come, or to be consumed.
 * - `stopped`: by a failure, a cancel or the end of the loop. The source is closed, no result counts.
 * - `finished`: the failure was thrown, or all is consumed. From now on there is nothing but the end.
 */
export type MapState = 'ready' | 'pulling' | 'exhausted' | 'stopped' | 'finished'

/** Whether the source may give more. */
export function isFed(state: MapState): boolean {
  return state === 'ready' || state === 'pulling'
}

/** Whether results count. */
export function isOpen(state: MapState): boolean {
  return isFed(state) || state === 'exhausted'
}
