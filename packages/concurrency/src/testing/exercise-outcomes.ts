import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { throwIfCancelled } from '../scopes/current-scope.ts'
import { gather } from '../tasks/gather.ts'
import { fieldOf } from '../scopes/read-error.ts'
import { IoError } from '../boundary/io-error.ts'
import { moveOnAfter } from '../scopes/move-on-after.ts'
import { outcomeOf } from '../scopes/outcome.ts'
import { retry } from '../resilience/retry.ts'
import { singleFlight } from '../resilience/single-flight.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { withTimeout } from '../scopes/timeout.ts'

/** A boundary whose outcomes are put to the test. */
export interface OutcomeFixture {
  /** Has the one effect that `id` names, through the boundary, in the ambient scope. */
  act(id: string): PromiseLike<unknown>
  /** How often the other side has had the effect that `id` names. Asked outside all cancels. */
  count(id: string): PromiseLike<number>
  /**
   * What may go wrong on the other side, by name: each begins it for the calls that follow and gives
   * what ends it.
   *
   * @default none: then only cancels are tried
   */
  readonly faults?: Readonly<Record<string, Fault>>
}

/** Begins something that goes wrong, and gives what ends it. */
export type Fault = () => Repair | PromiseLike<Repair>

type Repair = () => void | PromiseLike<unknown>

/** Options of {@link exerciseOutcomes}. */
export interface ExerciseOutcomesOptions {
  /** How many calls are made. @default 200 */
  readonly rounds?: number | undefined
  /** The latest moment of a cancel, in milliseconds from the start of the call. @default 20 */
  readonly withinMs?: number | undefined
  /** What the choices are drawn from; named in the error of a round that failed. @default random */
  readonly seed?: number | undefined
}

/** What is around the call, and when it strikes. */
type Around = (act: () => PromiseLike<unknown>, ms: number) => Promise<unknown>

/** What has nothing to do with the call and fails such that it may be tried again. */
const failing = async (ms: number): Promise<never> => {
  await sleep(ms)
  throw new IoError('a sibling failed', {
    boundary: 'sibling',
    operation: 'read',
    code: 'unavailable',
    retryable: true,
    outcome: 'none',
  })
}

/** The ways in which a call may be cut short; of all of them the outcome must be true. */
const AROUND: Readonly<Record<string, Around>> = {
  nothing: async (act) => await act(),
  withTimeout: (act, ms) => withTimeout(ms, act),
  'withTimeout with a grace': (act, ms) => withTimeout(ms, act, { graceMs: 1 }),
  'nested timeouts': (act, ms) => withTimeout(ms + 1, () => withTimeout(ms, act)),
  moveOnAfter: async (act, ms) => {
    const moved = await moveOnAfter(ms, act)
    if (moved.expired) throw Object.assign(new Error('moved on'), { outcome: moved.outcome })
  },
  cancelScope: (act, ms) =>
    cancelScope(async (scope) => {
      const timer = setTimeout(() => scope.cancel(), ms)
      await Promise.resolve(act()).finally(() => clearTimeout(timer))
    }),
  'a signal': (act, ms) => cancelScope(act, { signal: AbortSignal.timeout(Math.ceil(ms)) }),
  gather: (act, ms) => gather([act, () => failing(ms)]),
  taskGroup: (act, ms) =>
    taskGroup((group) => {
      group.spawn(act)
      group.spawn(() => failing(ms))
    }),
  'a caught failure, and then a timeout': (act, ms) =>
    withTimeout(ms, async () => {
      await Promise.resolve(act()).catch(() => undefined)
      throwIfCancelled()
      await sleep(ms + 1)
    }),
  singleFlight: (act, ms) => withTimeout(ms, singleFlight(act)),
  'an await that was forgotten': (act, ms) =>
    unreported(() =>
      cancelScope(async () => {
        void Promise.resolve(act()).catch(() => undefined)
        return await failing(ms)
      }),
    ),
}

/** Work that is left behind on purpose must not become a process warning. */
async function unreported<T>(fn: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined
  subscribe('yuzuru:leftover', ignore)
  try {
    return await fn()
  } finally {
    unsubscribe('yuzuru:leftover', ignore)
  }
}

interface Claim {
  readonly round: string
  readonly id: string
  /** How often it has happened at the least, if what was said is true, and at the most. */
  readonly least: number
  readonly most: number
}

/**
 * Tests the outcomes that a boundary reports: calls it again and again, cancelled at any moment and with
 * each of the faults, and then asks the other side what happened. A call that failed with `none` must not
 * have happened; a call that returned must have; and `retry` must never make it happen twice.
 *
 * It does not depend on the machine's speed: it compares only what was reported with what happened.
 *
 * @returns how many calls were made for each outcome, for a test of the test
 * @throws {Error} that names each false claim, and the seed
 * @example
 * await exerciseOutcomes({
 *   act: (id) => db.insertInto('offices').values({ id, name: 'Minato' }).execute(),
 *   count: async (id) => ((await offices.find(db, id)) === undefined ? 0 : 1),
 * })
 */
export async function exerciseOutcomes(
  fixture: OutcomeFixture,
  options: ExerciseOutcomesOptions = {},
): Promise<Readonly<Record<'value' | 'none' | 'unknown' | 'unsaid', number>>> {
  expectOptions(options, ['rounds', 'withinMs', 'seed'], 'exerciseOutcomes')
  expectFunction('fixture.act', fieldOf(fixture, 'act'))
  expectFunction('fixture.count', fieldOf(fixture, 'count'))
  const { rounds = 200, withinMs = 20, seed = Math.trunc(Math.random() * 2 ** 31) } = options
  const random = numbersFrom(seed)
  const tally = { value: 0, none: 0, unknown: 0, unsaid: 0 }
  const claims: Claim[] = []
  const faults = Object.entries<Fault>({ 'no fault': () => () => undefined, ...fixture.faults })
  for (let round = 0; round < rounds; round += 1) {
    // The first call is left alone: it shows that all is set up.
    const alone = round === 0
    const [around, cut] = pick(Object.entries(AROUND).slice(0, alone ? 1 : undefined), random)
    const [fault, begin] = pick(faults.slice(0, alone ? 1 : undefined), random)
    const again = !alone && random() < 0.3
    const ms = random() * withinMs
    const id = `${seed}-${round}`
    const name = `${around} at ${ms.toFixed(1)} ms, ${fault}${again ? ', with retry' : ''} (${id})`
    const end = await begin()
    const attempt = (): Promise<unknown> => cut(() => fixture.act(id), ms)
    const result = again ? retry(attempt, { attempts: 3, baseDelayMs: 1 }) : attempt()
    const said = await result.then(
      () => 'value' as const,
      (error: unknown) => outcomeOf(error) ?? ('unsaid' as const),
    )
    await end()
    tally[said] += 1
    const least = said === 'value' && around === 'nothing' ? 1 : 0
    claims.push({ round: name, id, least, most: said === 'none' ? 0 : 1 })
  }
  await expectTrue(fixture, claims, seed)
  return tally
}

async function expectTrue(
  fixture: OutcomeFixture,
  claims: readonly Claim[],
  seed: number,
): Promise<void> {
  const lies: string[] = []
  for (const { round, id, least, most } of claims) {
    const count = await fixture.count(id)
    if (count < least) lies.push(`${round}: gave a value, and has not happened`)
    if (count > most)
      lies.push(`${round}: may have happened ${most} times, happened ${count} times`)
  }
  if (lies.length === 0) return
  throw new Error(
    `Expected each outcome to be true, got ${lies.length} false (seed ${seed}):\n${lies.join('\n')}`,
  )
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
