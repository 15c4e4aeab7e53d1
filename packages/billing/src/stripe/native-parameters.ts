/**
 * Stripe's own parameters as they were given, without those that are `undefined`: such a one stands for "not
 * given", and must not take the place of one of ours.
 *
 * @example
 * nativeParameters({ items: undefined, trial_end: 'now' }) // { trial_end: 'now' }
 */
export function nativeParameters<T extends object>(native: T | undefined): Partial<T> {
  const given = Object.entries(native ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Partial<T>
}
