import * as fc from 'fast-check'
import { channel } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ANYTHING,
  CANCELS_ONLY,
  Interpreter,
  type Program,
  programs,
} from '../../test/random-program.ts'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { currentClock } from './clock.ts'
import { rootScopes } from './scope.ts'
import { TestClock } from '../testing/test-clock.ts'
import { TimeoutError } from './timeout-error.ts'

const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 1_500) }

/** Enough turns of the clock for every timer that a program may start. */
const MAX_TURNS = 2_000
/** What was given up may take some turns without a timer before it starts another. */
const IDLE_TURNS = 12

interface Result {
  readonly error: unknown
  readonly lies: readonly string[]
}

/** Executes `program` to its end, cancelled from outside after `cancelAfterMs`, until nothing moves. */
async function resultOf(program: Program, cancelAfterMs: number): Promise<Result> {
  using clock = TestClock.install()
  const interpreter = new Interpreter()
  const state = { ended: false }
  const whole = cancelScope(
    async (scope) => {
      const timer = currentClock().schedule(cancelAfterMs, () => scope.cancel('enough'))
      await interpreter.execute(program).finally(() => timer.cancel())
    },
    { name: 'whole' },
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
  void whole.then(() => (state.ended = true))
  for (let turn = 0, idle = 0; turn < MAX_TURNS && idle < IDLE_TURNS; turn += 1) {
    idle = state.ended && clock.pending === 0 ? idle + 1 : 0
    await clock.advanceToNext()
  }
  expect(state.ended).toBe(true)
  return { error: await whole, lies: interpreter.lies }
}

/** What an error says was thrown, without the aggregates around it. */
function leavesOf(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors.flatMap((part) => leavesOf(part)) : [error]
}

describe('of random programs', () => {
  const ignore = (): void => undefined
  beforeAll(() => channel('yuzuru:leftover').subscribe(ignore))
  afterAll(() => channel('yuzuru:leftover').unsubscribe(ignore))

  test('no failure that claims no effect had a write that the server saw', async () => {
    await fc.assert(
      fc.asyncProperty(
        programs(ANYTHING),
        fc.integer({ min: 0, max: 120 }),
        async (program, ms) => {
          expect((await resultOf(program, ms)).lies).toEqual([])
        },
      ),
      runs,
    )
  })

  test('none turns a cancel into a failure, however it overtakes another', async () => {
    await fc.assert(
      fc.asyncProperty(
        programs(CANCELS_ONLY),
        fc.integer({ min: 0, max: 120 }),
        async (program, ms) => {
          const { error } = await resultOf(program, ms)
          if (error === undefined) return
          for (const leaf of leavesOf(error)) {
            expect(Cancelled.isInstance(leaf) || TimeoutError.isInstance(leaf), String(leaf)).toBe(
              true,
            )
          }
        },
      ),
      runs,
    )
  })

  test('none leaves a scope open', async () => {
    await fc.assert(
      fc.asyncProperty(
        programs(ANYTHING),
        fc.integer({ min: 0, max: 120 }),
        async (program, ms) => {
          await resultOf(program, ms)
          expect(rootScopes().size).toBe(0)
        },
      ),
      { numRuns: runs.numRuns / 5 },
    )
  })
})
