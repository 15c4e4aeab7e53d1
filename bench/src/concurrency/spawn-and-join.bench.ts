import { AsyncLocalStorage } from 'node:async_hooks'
import { Effect, Fiber } from 'effect'
import { taskGroup } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const TASKS = 1_000

async function answer(): Promise<number> {
  return 1
}

const immediately = (): number => 1

/** Spawns and awaits one after the other. */
function tasks(work: () => number | Promise<number>): Promise<number> {
  return taskGroup(async (group) => {
    let total = 0
    for (let index = 0; index < TASKS; index += 1) total += await group.spawn(work)
    return total
  })
}

/** Spawns all, then awaits all. */
function manyTasks(work: () => number | Promise<number>): Promise<number> {
  return taskGroup(async (group) => {
    const spawned = Array.from({ length: TASKS }, () => group.spawn(work))
    return (await Promise.all(spawned)).reduce((total, each) => total + each, 0)
  })
}

const storage = new AsyncLocalStorage<object>()

/** What any task must have: a context of its own. */
async function manyContexts(): Promise<number> {
  const started = Array.from({ length: TASKS }, () => storage.run({}, answer))
  return (await Promise.all(started)).reduce((total, each) => total + each, 0)
}

/** Forks and joins one after the other, as the same loop does with us. */
function fibers(work: Effect.Effect<number>): Promise<number> {
  return Effect.runPromise(
    Effect.gen(function* () {
      let total = 0
      for (let index = 0; index < TASKS; index += 1) {
        const fiber = yield* Effect.forkChild(work)
        total += yield* Fiber.join(fiber)
      }
      return total
    }),
  )
}

/** Forks all, then joins all. */
function manyFibers(work: Effect.Effect<number>): Promise<number> {
  return Effect.runPromise(
    Effect.gen(function* () {
      const started: Fiber.Fiber<number>[] = []
      for (let index = 0; index < TASKS; index += 1) started.push(yield* Effect.forkChild(work))
      const results = yield* Fiber.joinAll(started)
      return results.reduce((total, each) => total + each, 0)
    }),
  )
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a task in a group, spawned and awaited',
  operation: 'task',
  bars: [
    { of: 'yuzuru', against: 'Effect', atMost: 0.33 },
    {
      of: 'yuzuru, nothing asynchronous',
      against: 'Effect, nothing asynchronous',
      atMost: 0.33,
    },
    { of: 'yuzuru, all at once', against: 'Effect, all at once', atMost: 0.33 },
  ],
  cases() {
    const common = { operations: TASKS, expected: TASKS }
    const promised = Effect.promise(answer)
    const immediate = Effect.sync(immediately)
    return [
      { ...common, name: 'yuzuru', run: () => tasks(answer) },
      { ...common, name: 'Effect', run: () => fibers(promised) },
      { ...common, name: 'yuzuru, nothing asynchronous', run: () => tasks(immediately) },
      { ...common, name: 'Effect, nothing asynchronous', run: () => fibers(immediate) },
      { ...common, name: 'yuzuru, all at once', run: () => manyTasks(answer) },
      { ...common, name: 'Effect, all at once', run: () => manyFibers(promised) },
      {
        ...common,
        name: 'AsyncLocalStorage.run, all at once',
        run: () => storage.run({}, manyContexts),
      },
    ]
  },
}
