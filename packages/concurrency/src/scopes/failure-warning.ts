import { channel } from 'node:diagnostics_channel'
import { currentClock, type Timer } from './clock.ts'
import { kindOfError, warnRarely } from './rare-warning.ts'

/** A failure that no code has seen for a second: its group is still waiting, or its task is not awaited. */
export interface UnheardFailure {
  /** The name of the task that failed; of its group, where the body failed. */
  readonly task: string
  readonly group: string
  readonly error: unknown
  /**
   * - `'ending'`: it cancelled its group, which throws it once the others have ended.
   * - `'unasked'`: its task was spawned with `settle: true`, and is not awaited.
   */
  readonly why: 'ending' | 'unasked'
}

const failures = channel('yuzuru:failure')

/** How long a failure may go unheard, in milliseconds. */
const PATIENCE_MS = 1_000

const ADVICE: Readonly<Record<UnheardFailure['why'], string>> = {
  ending: 'its group still waits for what it cancelled, and throws it then',
  unasked: 'nobody awaits the task',
}

/**
 * Reports the failures that `find` gives in a second's time. A failure that code has seen by then (thrown
 * by its group, or by awaiting its task) needs no report.
 */
export function warnWhenUnheard(find: () => Iterable<UnheardFailure>): Timer {
  return currentClock().schedule(PATIENCE_MS, () => {
    for (const failure of find()) report(failure)
  })
}

/**
 * On the `diagnostics_channel` `yuzuru:failure`, or, when it has no subscriber, as a process warning,
 * once a minute for each kind. The message of the error, which may hold a secret, is not shown.
 */
function report(failure: UnheardFailure): void {
  if (failures.hasSubscribers) {
    failures.publish(failure)
    return
  }
  const { task, group, error, why } = failure
  warnRarely(
    `task "${task}" in "${group}" failed (${kindOfError(error)}); ${ADVICE[why]}`,
    'FailureWarning',
  )
}
