import { currentClock, detached } from '@yuzuru/concurrency'
import type { SmtpSession } from './smtp-session.ts'

/** Connections that are not in use. The last one kept is taken first, so that a surplus ages and ends. */
export class IdleSessions {
  readonly #timeoutMs: number
  readonly #end: (session: SmtpSession) => Promise<void>
  /** Each with what stops its clock. */
  readonly #kept = new Map<SmtpSession, () => void>()
  readonly #ending = new Set<Promise<void>>()
  /** Those whose end is heard of. */
  readonly #known = new WeakSet<SmtpSession>()

  constructor(timeoutMs: number, end: (session: SmtpSession) => Promise<void>) {
    this.#timeoutMs = timeoutMs
    this.#end = end
  }

  keep(session: SmtpSession): void {
    this.#kept.set(
      session,
      detached(() => this.#watch(session)),
    )
    if (this.#known.has(session)) return
    this.#known.add(session)
    void session.over.then(() => this.#drop(session))
  }

  take(): SmtpSession | undefined {
    for (;;) {
      const session = Array.from(this.#kept.keys()).at(-1)
      if (session === undefined) return undefined
      this.#drop(session)
      if (session.isOutOfStep) this.#finish(() => session.destroy())
      else if (session.alive) return session
    }
  }

  /** Ends all, and waits for those that are ending. */
  async clear(): Promise<void> {
    const kept = Array.from(this.#kept.keys())
    for (const session of kept) {
      this.#drop(session)
      this.#finish(() => this.#end(session))
    }
    await Promise.all(this.#ending)
  }

  #drop(session: SmtpSession): void {
    this.#kept.get(session)?.()
    this.#kept.delete(session)
  }

  #finish(end: () => Promise<void>): void {
    const ending = detached(end).finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  /** Ends the session when its time is over; returns what calls that off. */
  #watch(session: SmtpSession): () => void {
    const timer = currentClock().schedule(this.#timeoutMs, () => {
      this.#kept.delete(session)
      this.#finish(() => this.#end(session))
    })
    return () => timer.cancel()
  }
}
