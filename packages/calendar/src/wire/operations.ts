import {
  Cancelled,
  cancelScope,
  describeValue,
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  type Outcome,
} from '@yuzuru/concurrency'
import { type CloseOptions, type Closing, closing } from '@yuzuru/concurrency/boundary'
import { CalendarError } from '../calendar-error.ts'

/** What is being done, and for which account: every error shows it. */
export interface Operation {
  readonly operation: string
  readonly effect: Effect
  readonly reference: string
}

/** All that a calendar does, until it is closed. */
export class Operations {
  readonly #life: Closing<Operation>

  /** @param end closes what the calendar stands on, in `leftMs` milliseconds */
  constructor(end: (leftMs: number) => Promise<void>) {
    this.#life = closing<Operation>({
      name: 'calendar',
      refuse: (_refusal, call) => closed(call, 'none'),
      end,
    })
  }

  /** Refuses new calls, lets those under way end for `drainMs`, cuts off what is left, and ends. */
  close(options?: CloseOptions): Promise<void> {
    return this.#life.close(options)
  }

  /**
   * Does one operation inside `io`. Nothing has been sent by itself: what is sent in it (over HTTP, by
   * a store) marks the scope, so the outcome of a cancel is that of the request that it met. A body that
   * writes to a store that may not mark it says so in `progress`.
   */
  async perform<T>(
    call: Operation,
    options: IoOptions | undefined,
    fn: (progress: IoProgress) => Promise<T>,
  ): Promise<T> {
    const { operation, effect, reference } = call
    const translate = (cause: unknown, outcome: Outcome): Error => {
      const detail = cause instanceof Error ? cause.message : describeValue(cause)
      const init = { operation, code: 'unexpected', outcome, reference, cause } as const
      return new CalendarError(`calendar.${operation} failed: ${detail}`, init)
    }
    const named = { boundary: 'calendar', operation, effect, translate }
    return await io(named, options, async (_signal, progress) => {
      progress.sent = false
      using _call = this.#life.enter(call)
      return await this.#untilCut(call, () => fn(progress))
    })
  }

  async #untilCut<T>(call: Operation, fn: () => Promise<T>): Promise<T> {
    const { signal } = this.#life
    try {
      return await cancelScope(fn, { signal, name: `calendar.${call.operation}` })
    } catch (error) {
      // A cancel of the caller's is for `io` to explain, also when the cut has come meanwhile.
      const isCut = signal.aborted && Cancelled.isInstance(error) && error.cause === signal.reason
      throw isCut ? closed(call, error.outcome ?? 'none') : error
    }
  }
}

function closed({ operation, reference }: Operation, outcome: Outcome): CalendarError {
  const message = `calendar.${operation} failed: the calendar was closed`
  return new CalendarError(message, { operation, code: 'closed', outcome, reference })
}
