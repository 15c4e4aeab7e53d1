/** Lets a job say that it runs. */
export interface Bell {
  readonly ring: () => Promise<void>
  /** Resolves when it is rung next. */
  readonly next: () => Promise<void>
}

export function bell(): Bell {
  let waiting: (() => void) | undefined
  return {
    ring: async () => waiting?.(),
    next: () => new Promise((resolve) => (waiting = resolve)),
  }
}
