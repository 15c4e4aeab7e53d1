import { moveOnAfter } from '@yuzuru/concurrency'
import { requestCancel } from '../wire/cancel-request.ts'
import type { PgWire } from '../wire/pg-wire.ts'

/** What is to be stopped. */
export interface Running {
  isOver(): boolean
  /** Resolves when it is over or `signal` fires. */
  over(signal: AbortSignal): Promise<void>
}

/** The first pause before the cancel is sent again, in milliseconds: it may have overtaken the statement. */
const FIRST_PAUSE_MS = 50

/**
 * Asks the server to stop what runs on a connection, again and again until it is over.
 *
 * @param timeoutMs how long that may take
 * @returns whether it was over in time
 */
export async function stopRunning(
  wire: PgWire,
  running: Running,
  timeoutMs: number,
): Promise<boolean> {
  const { expired } = await moveOnAfter(timeoutMs, async ({ signal }) => {
    for (let pauseMs = FIRST_PAUSE_MS; !running.isOver() && !signal.aborted; pauseMs *= 2) {
      await requestCancel(wire.cancelTarget, signal)
      await moveOnAfter(pauseMs, (scope) => running.over(scope.signal))
    }
    signal.throwIfAborted()
  })
  return !expired
}

/** Whether the cancel ended the statement: with SQLSTATE 57014, or because we closed the connection. */
export function isStopped(error: unknown, destroyed: boolean): boolean {
  return destroyed || (error instanceof Error && 'code' in error && error.code === '57014')
}
