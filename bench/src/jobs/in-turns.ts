/** Queues that take turns, and what is said of their rates. */
import type { Figure } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'

/** A queue, and how it is asked to do a turn's jobs. */
export interface Contender {
  readonly name: string
  /** Does one turn; gives jobs a second. */
  turn(): Promise<number>
}

/** Jobs a second of each queue, of each round that counts. */
export type Rates = ReadonlyMap<string, readonly number[]>

const ROUNDS = 5

/**
 * Has the queues take turns, A B C, then C B A, so that whatever slows the machine down meets them all.
 *
 * @param warmUp how many rounds come before those that count: the compiler needs them
 */
export async function inTurns(contenders: readonly Contender[], warmUp: number): Promise<Rates> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -warmUp; round < ROUNDS; round += 1) {
    for (const each of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const rate = await each.turn()
      if (round >= 0) rates.get(each.name)?.push(rate)
    }
  }
  return rates
}

/** The median of each queue's rates. */
export function figuresOf(rates: Rates): Figure[] {
  return Array.from(rates, ([name, values]) => {
    return { name, value: quantileOf(values, 0.5), unit: 'jobs/s' }
  })
}

/** The rate of the queue `of` as a multiple of that of `against`: compared within each round, of which the median counts. */
export function ratioOf(rates: Rates, of: string, against: string, name: string): Figure {
  const [ours, theirs] = [of, against].map((each) => {
    const found = rates.get(each)
    if (found === undefined) throw new TypeError(`Expected a queue named "${each}"`)
    return found
  })
  const ratios = (ours ?? []).map((rate, round) => rate / (theirs?.[round] ?? Number.NaN))
  return { name, value: quantileOf(ratios, 0.5), unit: '×' }
}
