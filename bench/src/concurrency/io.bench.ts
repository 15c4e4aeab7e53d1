import { AsyncLocalStorage } from 'node:async_hooks'
import { io, type IoOptions, withTimeout } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 1_000

const call = { boundary: 'bench', operation: 'read', effect: 'read' } as const
const storage = new AsyncLocalStorage<object>()

async function answer(): Promise<number> {
  return 1
}

async function repeat(once: () => Promise<number>): Promise<number> {
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += await once()
  return total
}

/** What any such call must do: a context, a signal, and the time, which the task tree shows. */
function leastCall(): Promise<number> {
  const least = { controller: new AbortController(), startedAt: performance.now() }
  return storage.run(least, answerTo, least.controller.signal)
}

async function answerTo(_signal: AbortSignal): Promise<number> {
  return 1
}

function calls(options: IoOptions): Promise<number> {
  return withTimeout(60_000, () => repeat(() => io(call, options, answer)))
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'an I/O call that does nothing, in a scope with a deadline',
  operation: 'call',
  bars: [
    { of: 'io', against: 'AsyncLocalStorage.run', atMost: 1.6 },
    { of: 'io with a deadline of its own', against: 'AsyncLocalStorage.run', atMost: 2 },
  ],
  cases() {
    const common = { operations: TIMES, expected: TIMES }
    return [
      { ...common, name: 'io', run: () => calls({}) },
      {
        ...common,
        name: 'io with a deadline of its own',
        run: () => calls({ timeoutMs: 1_000 }),
      },
      {
        ...common,
        name: 'AsyncLocalStorage.run',
        run: () => storage.run({}, () => repeat(() => storage.run({}, answer))),
      },
      {
        ...common,
        name: 'AsyncLocalStorage.run, a signal, the time',
        run: () => storage.run({}, () => repeat(leastCall)),
      },
    ]
  },
}
