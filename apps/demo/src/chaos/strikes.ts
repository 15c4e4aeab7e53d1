import { sleep, type TaskGroup } from '@yuzuru/concurrency'
import type { Call } from './caller.ts'
import type { Fault, Target } from './faults.ts'
import type { Finding } from './reconcile.ts'

/** A fault of this run: when it struck, and when it was over, in milliseconds since the load began. */
export interface Strike {
  readonly fault: Fault
  struckAt: number
  overAt: number
  /** How much met it, as its own seam saw. */
  met?: number | undefined
}

/** What the callers met of one fault. */
export interface StrikeFigures {
  /** What met it at its own boundary: what was sent there, or was open; of what is our own, the requests. */
  readonly met: number
  /** Requests that were under way while it lasted. */
  readonly calls: number
  /** Of those, the ones that failed and said so. */
  readonly failed: number
  /** Of those, the ones of which nothing was ever heard. */
  readonly silent: number
  /** From its end to the end of the last request that failed before the next fault struck. */
  readonly recoveredMs: number
}

/** How long a fault lasts at least, and how long at most where nothing meets it, in milliseconds. */
export interface StrikeLimits {
  readonly leastMs: number
  readonly mostMs: number
}

/** The most is a last resort: on a busy machine a mail waits for its worker longer than 15 seconds. */
const LIMITS: StrikeLimits = { leastMs: 500, mostMs: 120_000 }
const LOOK_MS = 20

/**
 * Strikes the faults one after the other while the load goes on, each for the middle half of its share of
 * the operations, and for as long as `limits` say: until something has met it.
 *
 * @param probe does what is sure to meet the fault, while it lasts
 * @returns what to call before each operation begins
 */
export function strikeInTurn(
  strikes: readonly Strike[],
  operations: number,
  target: Target,
  group: TaskGroup,
  now: () => number,
  probe: (strike: Strike) => Promise<void>,
  { leastMs, mostMs }: StrikeLimits = LIMITS,
): (index: number) => void {
  const share = operations / strikes.length
  const gates = strikes.map((_, turn) => ({
    begin: Math.floor((turn + 0.25) * share),
    end: Math.floor((turn + 0.75) * share),
    begun: Promise.withResolvers<void>(),
    ended: Promise.withResolvers<void>(),
  }))
  const last = async (strike: Strike, met: (() => number) | undefined): Promise<void> => {
    for (;;) {
      const lasted = now() - strike.struckAt
      if (lasted >= mostMs || (lasted >= leastMs && met?.() !== 0)) return
      await sleep(LOOK_MS)
    }
  }
  group.spawn(async () => {
    for (const [turn, strike] of strikes.entries()) {
      await gates[turn]?.begun.promise
      strike.struckAt = now()
      const met = strike.fault.watch?.(target)
      const struck = strike.fault.strike(target)
      group.spawn(() => probe(strike))
      await struck
      await gates[turn]?.ended.promise
      await last(strike, met)
      strike.met = met?.()
      strike.overAt = now()
      // What had piled up goes through while the next one strikes.
      group.spawn(async () => await strike.fault.cure?.(target))
    }
  })
  return (index) => {
    for (const { begin, end, begun, ended } of gates) {
      if (index === begin) begun.resolve()
      if (index === end) ended.resolve()
    }
  }
}

/** Whether each fault struck something: one that nothing meets shows nothing. */
export function checkMet(strikes: readonly Strike[], calls: readonly Call[]): Finding {
  const unmet = figuresOf(strikes, calls).flatMap(({ met }, index) =>
    met > 0 ? [] : [strikes[index]?.fault.name],
  )
  return {
    what: 'faults that something met',
    found: [`${strikes.length - unmet.length} of ${strikes.length}`, ...unmet].join('\n'),
    holds: unmet.length === 0,
  }
}

export function figuresOf(strikes: readonly Strike[], calls: readonly Call[]): StrikeFigures[] {
  return strikes.map(({ struckAt, overAt, met }, index) => {
    const next = strikes[index + 1]?.struckAt ?? Infinity
    const during = calls.filter(({ at, ms }) => at < overAt && at + ms > struckAt)
    const failed = during.filter(({ heard }) => heard === 'refused' || heard === 'cut')
    const silent = during.filter(({ heard }) => heard === 'silent')
    const ends = calls
      .filter(({ heard, at, ms }) => heard !== 'ok' && at + ms > overAt && at + ms < next)
      .map(({ at, ms }) => at + ms - overAt)
    return {
      met: met ?? during.length,
      calls: during.length,
      failed: failed.length,
      silent: silent.length,
      recoveredMs: Math.max(0, ...ends),
    }
  })
}
