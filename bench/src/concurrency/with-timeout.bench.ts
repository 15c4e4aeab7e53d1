import { Effect } from 'effect'
import pTimeout from 'p-timeout'
import { cancelScope, withTimeout } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 1_000
const TIMEOUT_MS = 1_000

async function answer(): Promise<number> {
  return 1
}

async function repeat(once: () => Promise<number>): Promise<number> {
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += await once()
  return total
}

const timed = (): Promise<number> => withTimeout(TIMEOUT_MS, answer)

const effect = Effect.gen(function* () {
  const timedEffect = Effect.timeout(Effect.promise(answer), TIMEOUT_MS)
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += yield* timedEffect
  return total
})

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a timeout around an async function that does nothing',
  operation: 'call',
  bars: [
    { of: 'yuzuru', against: 'Effect', atMost: 0.22 },
    { of: 'yuzuru', against: 'p-timeout', atMost: 1.5 },
    { of: 'yuzuru, in a scope', against: 'p-timeout', atMost: 1.5 },
  ],
  cases() {
    const common = { operations: TIMES, expected: TIMES }
    return [
      { ...common, name: 'yuzuru', run: () => repeat(timed) },
      { ...common, name: 'yuzuru, in a scope', run: () => cancelScope(() => repeat(timed)) },
      { ...common, name: 'Effect', run: () => Effect.runPromise(effect) },
      {
        ...common,
        name: 'p-timeout',
        run: () => repeat(() => pTimeout(answer(), { milliseconds: TIMEOUT_MS })),
      },
    ]
  },
}
