import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { seed } from './seed.ts'

/** What a hostile server would like to see in a log. */
export const SECRET = 'swordfish'

/** The longest that an error may be when all of it is printed, in characters: causes and stacks too. */
const MAX_SHOWN = 40_000

/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = Math.trunc(this.#state + 0x6d2b79f5)
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}

/** How many dialogues there are to be, and which is the first. */
export interface DialogueRuns {
  readonly runs: number
  readonly first: number
  /** How long they may take together, in milliseconds. */
  readonly timeout: number
}

/** `YUZURU_RUNS=20000` for more than `usual`, `YUZURU_SEED=7` to begin elsewhere. */
export function dialogueRuns(usual: number): DialogueRuns {
  const runs = Number(process.env['YUZURU_RUNS'] ?? usual)
  return { runs, first: seed, timeout: 60_000 + runs * 200 }
}

/** Runs dialogues one after the other, and counts how they end. Throws with the number of one that fails. */
export async function runDialogues(
  { runs, first }: DialogueRuns,
  dialogue: (dice: Dice) => Promise<string>,
): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>()
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  try {
    for (let seed = first; seed < first + runs; seed += 1) {
      const end = await dialogue(new Dice(seed)).catch((cause: unknown) => {
        throw new Error(`Dialogue ${seed}`, { cause })
      })
      if (uncaught.length > 0) {
        throw new Error(`Dialogue ${seed} would have ended the process`, { cause: uncaught[0] })
      }
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note)
  }
  if (process.env['YUZURU_RUNS'] !== undefined) console.log(ends)
  return ends
}

/** Fails loudly, instead of the whole test in silence, where something never settles. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const place = new Error(`Expected an end within ${ms} ms`)
  const timer = setTimeout(() => reject(place), ms)
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Cancels `scope` some turns of the event loop after the server has nothing more to say. */
export function cancelWhenQuiet(
  server: { onQuiet: () => void },
  scope: { cancel(message: string): void },
  turns: number,
): void {
  const cancel = async (): Promise<void> => {
    for (let turn = 0; turn < turns; turn += 1) await setImmediate()
    scope.cancel('the server has nothing more to say')
  }
  server.onQuiet = () => void cancel()
}

/**
 * Throws unless an error is one that a caller can go by: typed, short, and without an outcome `'none'` for
 * what may have been done.
 */
export function expectHonest(
  error: unknown,
  isTyped: (error: unknown) => boolean,
  mayBeDone: boolean,
): void {
  if (error === undefined) return
  if (!isTyped(error) && (error as Error).name !== 'Cancelled') {
    throw new Error('Expected an error of the package', { cause: error })
  }
  if (mayBeDone && (error as { outcome: string }).outcome === 'none') {
    throw new Error('Expected no outcome none for what may have been done', { cause: error })
  }
  expectShort(error)
}

/** Throws if an error, printed with all that it holds, is long or shows what a server would like to see. */
function expectShort(error: unknown): void {
  const shown = inspect(error, { depth: 9 })
  if (shown.includes(SECRET)) throw new Error('Expected no secret of the server', { cause: error })
  if (shown.length > MAX_SHOWN) {
    throw new Error(`Expected a short error, got ${shown.length} characters`)
  }
}
