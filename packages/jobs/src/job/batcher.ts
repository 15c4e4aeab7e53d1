import { cancelScope, type CancelScope, currentClock, detached, io } from '@yuzuru/concurrency'
import type { JobContext } from './job.ts'

/** One job of a batch. What its handler does not settle is completed when that returns, and fails when it throws. */
export interface BatchItem<Payload, Result = void> {
  readonly payload: Payload
  /** The same for every attempt. */
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly attempts: number
  /** Fires when this one is to end: its timeout, `cancelJob`, a lost lease, the shutdown. */
  readonly signal: AbortSignal
  /** Completes this job, whatever becomes of the rest. Only the first of `complete` and `fail` counts. */
  readonly complete: (result: Result) => void
  /** Fails this attempt, as a handler that throws `error`. */
  readonly fail: (error: unknown) => void
}

/** How jobs are put together. */
export interface BatcherParts<Payload, Result> {
  readonly size: number
  readonly maxWaitMs: number
  readonly run: (items: readonly BatchItem<Payload, Result>[]) => Promise<void>
}

interface Member<Payload, Result> {
  readonly item: BatchItem<Payload, Result>
  isSettled: boolean
  /** Called when it is settled while its batch runs. */
  onSettled: (() => void) | undefined
}

const CALL = { boundary: 'jobs', operation: 'batch', effect: 'write' } as const

/**
 * Puts the handlers of one kind together that run in a process: as many as make a batch, or as have come when the
 * first has waited for so long. A handler that has been put into a batch ends with it, also when it is cancelled: its
 * job must not be free while something still works on it. When all that are left of a batch are cancelled, so is the
 * batch.
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
    const { jobId, attempt, attempts, signal } = context
    const settle = (by: () => void): void => {
      if (member.isSettled) return
      member.isSettled = true
      by()
      member.onSettled?.()
    }
    const member: Member<Payload, Result> = {
      isSettled: false,
      onSettled: undefined,
      item: {
        payload,
        jobId,
        attempt,
        attempts,
        signal,
        complete: (result) => settle(() => resolve(result)),
        fail: (error) => settle(() => reject(error)),
      },
    }
    const leave = (): void => {
      const place = this.#pending.indexOf(member)
      if (place < 0) return
      this.#pending.splice(place, 1)
      member.item.fail(signal.reason)
    }
    signal.addEventListener('abort', leave)
    try {
      this.#pending.push(member)
      if (this.#pending.length >= this.#parts.size) this.#begin()
      else this.#timer ??= currentClock().schedule(this.#parts.maxWaitMs, () => this.#begin())
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const members = this.#pending
    this.#pending = []
    // In nobody's scope: it must not end with the one that happened to come last.
    if (members.length > 0) void detached(() => this.#run(members))
  }

  async #run(members: readonly Member<Payload, Result>[]): Promise<void> {
    const items = members.map(({ item }) => item)
    try {
      await cancelScope(async (scope) => {
        const leave = stopWith(members, scope)
        try {
          await this.#parts.run(items)
        } finally {
          leave()
        }
      })
      for (const { complete } of items) complete(undefined as Result)
    } catch (error) {
      // One that was ended says so itself: by its own timeout, say.
      for (const { fail, signal } of items) fail(signal.aborted ? signal.reason : error)
    }
  }
}

/** Cancels a batch when all that are left of it are cancelled, until the function that it returns is called. */
function stopWith<Payload, Result>(
  members: readonly Member<Payload, Result>[],
  scope: CancelScope,
): () => void {
  const stop = (): void => {
    const left = members.filter(({ isSettled }) => !isSettled)
    if (left.length === 0 || !left.every(({ item }) => item.signal.aborted)) return
    scope.cancel('all that are left of the batch are cancelled')
  }
  for (const member of members) {
    // The last that was not cancelled may be settled by the handler.
    member.onSettled = stop
    member.item.signal.addEventListener('abort', stop)
  }
  return () => {
    for (const member of members) {
      member.onSettled = undefined
      member.item.signal.removeEventListener('abort', stop)
    }
  }
}
