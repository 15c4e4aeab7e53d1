import { detached } from '@yuzuru/concurrency'

/**
 * Runs a function once at a time for each key. Whoever comes while it runs gets the next run, which is one for
 * all of them: the one under way may have looked too early.
 */
export class LatestRuns<T> {
  readonly #runs = new Map<string, { readonly now: Promise<T>; next: Promise<T> | undefined }>()

  run(key: string, fn: () => Promise<T>): Promise<T> {
    const running = this.#runs.get(key)
    if (running !== undefined) {
      running.next ??= running.now.then(noop, noop).then(() => this.#begin(key, fn))
      return running.next
    }
    return this.#begin(key, fn)
  }

  #begin(key: string, fn: () => Promise<T>): Promise<T> {
    // In no scope: whoever asked first may give up, and the others still wait.
    const now = detached(fn)
    const entry: { readonly now: Promise<T>; next: Promise<T> | undefined } = {
      now,
      next: undefined,
    }
    this.#runs.set(key, entry)
    const end = (): void => {
      if (this.#runs.get(key) === entry && entry.next === undefined) this.#runs.delete(key)
    }
    now.then(end, end)
    return now
  }
}

function noop(): void {}
