/** A moment as signatures name it (ISO 8601, basic format). */
export interface SigningTime {
  /** `20260401T123005Z` */
  readonly timestamp: string
  /** `20260401` */
  readonly day: string
}

let last: (SigningTime & { readonly second: number }) | undefined

/** @param now milliseconds since the epoch */
export function signingTime(now: number): SigningTime {
  const second = Math.floor(now / 1_000)
  // Many requests are signed in the same second.
  if (last?.second === second) return last
  const timestamp = new Date(second * 1_000).toISOString().replace(/[-:]|\.000/g, '')
  last = { second, timestamp, day: timestamp.slice(0, 8) }
  return last
}
