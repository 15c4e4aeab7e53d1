import { currentClock, detached, io } from '@yuzuru/concurrency'
import type { Member } from './batch-item.ts'
import type { JobContext } from './job.ts'

/** How jobs are put together. */
export interface BatcherParts<Payload, Result> {
  readonly size: number
  readonly maxWaitMs: number
  /** Whether a job is a batch of its own. */
  readonly isAlone: (context: JobContext) => boolean
  /** Runs a batch, and settles each of its members. Never throws. */
  readonly run: (members: readonly Member<Payload, Result>[]) => Promise<void>
}

/** What its handler throws stays as it is, for the job's `shouldRetry` and for who reads it. */
const CALL = { boundary: 'jobs', operation: 'batch', effect: 'write', translate: 'none' } as const

/**
 * Puts the handlers of one kind together that run in a process: as many as make a batch, or as have come when the
 * first has waited for so long. A handler that has been put into a batch ends with it, also when it is cancelled: its
 * job must not be free while something still works on it.
 */
export class Batcher<Payload, Result> {
  readonly #parts: BatcherParts<Payload, Result>
  #pending: Member<Payload, Result>[] = []
  #timer: { readonly cancel: () => unknown } | undefined = undefined

  constructor(parts: BatcherParts<Payload, Result>) {
    this.#parts = parts
  }

  /** Runs one, with others. As a call that leaves the scope of its handler: what the batch does counts for it. */
  async add(payload: Payload, context: JobContext): Promise<Result> {
    return await io(CALL, undefined, async () => await this.#join(payload, context))
  }

  async #join(payload: Payload, context: JobContext): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const { signal } = context
    const settle = (by: () => void): void => {
      if (member.isSettled) return
      member.isSettled = true
      by()
      member.onSettled?.()
    }
    const member: Member<Payload, Result> = {
      payload,
      context,
      signal,
      isSettled: false,
      onSettled: undefined,
      resolve: (result) => settle(() => resolve(result)),
      reject: (error) => settle(() => reject(error)),
    }
    const leave = (): void => {
      const place = this.#pending.indexOf(member)
      if (place < 0) return
      this.#pending.splice(place, 1)
      if (this.#pending.length === 0) this.#clearTimer()
      member.reject(signal.reason)
    }
    signal.addEventListener('abort', leave)
    try {
      this.#place(member)
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #place(member: Member<Payload, Result>): void {
    if (this.#parts.isAlone(member.context)) {
      this.#run([member])
      return
    }
    this.#pending.push(member)
    if (this.#pending.length >= this.#parts.size) this.#begin()
    else this.#timer ??= currentClock().schedule(this.#parts.maxWaitMs, () => this.#begin())
  }

  /** It would keep the process alive, and cut short the wait of the next. */
  #clearTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #begin(): void {
    this.#clearTimer()
    const members = this.#pending
    this.#pending = []
    if (members.length > 0) this.#run(members)
  }

  /** In nobody's scope: it must not end with the one that happened to come last. */
  #run(members: readonly Member<Payload, Result>[]): void {
    void detached(async () => {
      try {
        await this.#parts.run(members)
      } catch (error) {
        // A mistake of ours must not keep jobs for ever, nor end the process.
        for (const { reject } of members) reject(error)
      }
    })
  }
}
