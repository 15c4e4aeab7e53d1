import {
  describeValue,
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  type Outcome,
} from '@yuzuru/concurrency'
import { CalendarError } from './calendar-error.ts'

/** What is being done, and for whom: every error tells it. */
export interface Operation {
  readonly operation: string
  readonly effect: Effect
  readonly reference: string
}

/** All that a calendar does, until it is closed. */
export class Operations {
  #closed = false

  /** From now on nothing begins any more. */
  close(): void {
    this.#closed = true
  }

  /**
   * Does one operation inside `io`. Nothing has been sent by itself: what is sent in it (over HTTP, by
   * a store) marks the scope, so the outcome of a cancel is that of the request that it met. A body that
   * writes to a store that may not mark it says so in `progress`.
   */
  async perform<T>(
    { operation, effect, reference }: Operation,
    options: IoOptions | undefined,
    fn: (progress: IoProgress) => Promise<T>,
  ): Promise<T> {
    const translate = (cause: unknown, outcome: Outcome): Error => {
      const told = cause instanceof Error ? cause.message : describeValue(cause)
      const init = { operation, code: 'unexpected', outcome, reference, cause } as const
      return new CalendarError(`calendar.${operation} failed: ${told}`, init)
    }
    const call = { boundary: 'calendar', operation, effect, translate }
    return await io(call, options, async (_signal, progress) => {
      progress.sent = false
      if (this.#closed) {
        const init = { operation, code: 'closed', outcome: 'none', reference } as const
        throw new CalendarError(`calendar.${operation} failed: the calendar was closed`, init)
      }
      return await fn(progress)
    })
  }
}
