/**
 * How many rejections are given without delay. More than that come from a loop that catches them and goes
 * on.
 */
const AT_ONCE = 8
/** After so many turns of the event loop each rejection takes some time as well. */
const TURNS_AT_FULL_SPEED = 100
const SLOW_MS = 10

/**
 * Rejects calls that must not begin. After the first few, a rejection comes a turn of the event loop
 * later, so that a loop which swallows it (`for (;;) try { await queue.get() } catch {}`) starves
 * neither timers nor signals.
 */
export class PacedRejections {
  #count = 0
  /** How many turns of the event loop had a delayed rejection. */
  #turns = 0
  #nextTurn: Promise<void> | undefined

  /** Whether the calls have gone on for so long that they must come from a loop. */
  get isLoop(): boolean {
    return this.#turns >= TURNS_AT_FULL_SPEED
  }

  reject(error: unknown): Promise<never> {
    this.#count += 1
    if (this.#count <= AT_ONCE) return Promise.reject(error)
    this.#nextTurn ??= this.#wait()
    return this.#nextTurn.then(() => {
      throw error
    })
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const turn = (): void => {
        this.#turns += 1
        this.#nextTurn = undefined
        resolve()
      }
      if (this.isLoop) setTimeout(turn, SLOW_MS)
      else setImmediate(turn)
    })
  }
}
