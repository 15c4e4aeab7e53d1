import * as fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Barrier } from '../sync/barrier.ts'
import { circuitBreaker, type CircuitState } from './circuit-breaker.ts'
import { rateLimiter } from './rate-limiter.ts'
import { sleep } from '../scopes/sleep.ts'
import type { Task } from '../tasks/task.ts'
import { taskGroup, type TaskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'

/* Limits beside plain references, as in `models.test.ts`; here time moves, and whole groups are cancelled. */

type Command = readonly [name: string, argument: number]

const commands = (...names: string[]): fc.Arbitrary<Command[]> =>
  fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(9)), { maxLength: 30 })

const runs = { numRuns: 100 }

/** Several groups side by side, each of which can be cancelled and is then another. */
async function inGroups(
  count: number,
  body: (
    spawn: (group: number, fn: () => Promise<void>) => Task<void>,
    cancel: (group: number) => void,
  ) => Promise<void>,
): Promise<void> {
  await taskGroup(async (outer) => {
    const inner: { group: TaskGroup; task: Task<void> }[] = []
    const open = (at: number): void => {
      const task = outer.spawn(() =>
        taskGroup(async (group) => {
          inner[at] = { group, task: undefined as never }
          await sleep(Infinity)
        }),
      )
      Object.assign(inner[at] ?? {}, { task })
    }
    for (let at = 0; at < count; at += 1) open(at)
    const of = (at: number): { group: TaskGroup; task: Task<void> } => {
      return inner[at % count] as { group: TaskGroup; task: Task<void> }
    }
    await body(
      (at, fn) => of(at).group.spawn(fn),
      (at) => {
        of(at).task.cancel()
        open(at % count)
      },
    )
    outer.cancel()
  })
}

describe('models', () => {
  test('RateLimiter: in order, as early as any window allows, and who is cancelled counts nothing', async () => {
    const limit = 5
    const windowMs = 100
    await fc.assert(
      fc.asyncProperty(
        commands('acquire', 'acquire', 'try', 'cancel', 'cancel group', 'advance', 'advance'),
        async (sequence) => {
          using clock = TestClock.install()
          const limiter = rateLimiter({ limit, windowMs })
          const model = {
            now: 0,
            starts: [] as { at: number; weight: number }[],
            line: [] as { id: number; weight: number; group: number }[],
            log: [] as string[],
          }
          const used = (): number => {
            return model.starts
              .filter(({ at }) => at + windowMs > model.now)
              .reduce((sum, { weight }) => sum + weight, 0)
          }
          const serve = (): void => {
            for (let head = model.line[0]; head !== undefined; head = model.line[0]) {
              if (used() + head.weight > limit) return
              model.line.shift()
              model.starts.push({ at: model.now, weight: head.weight })
              model.log.push(`${head.id} at ${model.now}`)
            }
          }
          const log: string[] = []
          const tasks: Task<void>[] = []
          await inGroups(2, async (spawn, cancelGroup) => {
            for (const [name, argument] of sequence) {
              const weight = 1 + (argument % limit)
              const group = argument % 2
              if (name === 'acquire') {
                const id = tasks.length
                model.line.push({ id, weight, group })
                serve()
                tasks.push(
                  spawn(group, async () => {
                    await limiter.acquire(weight)
                    log.push(`${id} at ${clock.now()}`)
                  }),
                )
              } else if (name === 'try') {
                const can = model.line.length === 0 && used() + weight <= limit
                if (can) model.starts.push({ at: model.now, weight })
                expect(limiter.tryAcquire(weight)).toBe(can)
              } else if (name === 'cancel') {
                const [waiter] = model.line.splice(argument, 1)
                if (waiter !== undefined) tasks[waiter.id]?.cancel()
                serve()
              } else if (name === 'cancel group') {
                model.line = model.line.filter((waiter) => waiter.group !== group)
                serve()
                cancelGroup(group)
              } else {
                for (let ms = 0; ms < argument * 13; ms += 1) {
                  model.now += 1
                  serve()
                }
                await clock.advance(argument * 13)
              }
              await setImmediate()
              expect(log).toEqual(model.log)
              expect(limiter.waiting).toBe(model.line.length)
              expect(limiter.available).toBe(limit - used())
            }
          })
          expect(clock.pending).toBe(0)
        },
      ),
      runs,
    )
  })

  test('circuitBreaker: opens after so many failures, probes within bounds, and is stuck in no state', async () => {
    const [failures, coolDownMs, probes] = [2, 100, 2]
    await fc.assert(
      fc.asyncProperty(
        commands('call', 'call', 'succeed', 'fail', 'blame', 'cancel', 'advance'),
        async (sequence) => {
          using clock = TestClock.install()
          const breaker = circuitBreaker({ failures, coolDownMs, probes })
          const model = { failed: 0, openedAt: -Infinity, open: false, era: 0, now: 0 }
          const calls: {
            id: number
            era: number
            probe: boolean
            task: Task<void>
            end: PromiseWithResolvers<void>
          }[] = []
          const state = (): CircuitState => {
            if (!model.open) return 'closed'
            return model.now < model.openedAt + coolDownMs ? 'open' : 'half-open'
          }
          const turn = (open: boolean): void => {
            model.open = open
            model.openedAt = model.now
            model.era += 1
          }
          const onSuccess = (): void => {
            model.failed = 0
            if (model.open) turn(false)
          }
          const onFailure = (): void => {
            model.failed += 1
            if (model.failed >= failures) turn(true)
          }
          await taskGroup(async (group) => {
            for (const [name, argument] of sequence) {
              if (name === 'call') {
                const under = calls.filter(({ probe, era }) => probe && era === model.era).length
                const admitted = state() === 'closed' || (state() === 'half-open' && under < probes)
                const end = Promise.withResolvers<void>()
                let refused = true
                const task = group.spawn(async () => {
                  await breaker
                    .call(async () => {
                      refused = false
                      await Promise.race([end.promise, sleep(Infinity)])
                    })
                    .catch((error: Error) => {
                      if (error.name === 'Cancelled') throw error
                    })
                })
                expect(refused).toBe(!admitted)
                const probe = state() === 'half-open'
                if (admitted) calls.push({ id: calls.length, era: model.era, probe, task, end })
              } else if (name === 'advance') {
                model.now += argument * 25
                await clock.advance(argument * 25)
              } else {
                const [call] = calls.splice(argument, 1)
                if (call !== undefined) {
                  if (name === 'cancel') call.task.cancel()
                  else if (name === 'succeed') call.end.resolve()
                  else if (name === 'fail') call.end.reject(new Error('down'))
                  else call.end.reject(Object.assign(new Error('you'), { status: 404 }))
                  if (call.era === model.era && name === 'fail') onFailure()
                  else if (call.era === model.era && name !== 'cancel') onSuccess()
                }
              }
              await setImmediate()
              expect(breaker.state).toBe(state())
            }
            group.cancel()
          })
        },
      ),
      runs,
    )
  })

  test('Barrier: lets all go together, each with a place of its own, whoever was cancelled before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        commands('wait', 'wait', 'cancel', 'cancel group', 'reset', 'abort'),
        async (parties, sequence) => {
          const barrier = new Barrier(parties)
          const model = {
            line: [] as { id: number; group: number }[],
            broken: false,
            log: [] as string[],
          }
          const log: string[] = []
          const tasks: Task<void>[] = []
          const failAll = (): void => {
            model.log.push(...model.line.splice(0).map(({ id }) => `${id} BrokenBarrierError`))
          }
          await inGroups(2, async (spawn, cancelGroup) => {
            for (const [name, argument] of sequence) {
              const group = argument % 2
              if (name === 'wait') {
                const id = tasks.length
                model.line.push({ id, group })
                if (model.broken) failAll()
                else if (model.line.length === parties) {
                  model.log.push(
                    ...model.line.splice(0).map((each, place) => `${each.id} = ${place}`),
                  )
                }
                tasks.push(
                  spawn(group, async () => {
                    try {
                      log.push(`${id} = ${await barrier.wait()}`)
                    } catch (error) {
                      if ((error as Error).name === 'Cancelled') throw error
                      log.push(`${id} ${(error as Error).name}`)
                    }
                  }),
                )
              } else if (name === 'cancel') {
                const [waiter] = model.line.splice(argument, 1)
                if (waiter !== undefined) tasks[waiter.id]?.cancel()
              } else if (name === 'cancel group') {
                model.line = model.line.filter((waiter) => waiter.group !== group)
                cancelGroup(group)
              } else {
                failAll()
                model.broken = name === 'abort'
                barrier[name as 'abort' | 'reset']()
              }
              await setImmediate()
              expect(log.toSorted()).toEqual(model.log.toSorted())
              expect(barrier.waiting).toBe(model.line.length)
              expect(barrier.broken).toBe(model.broken)
            }
          })
        },
      ),
      runs,
    )
  })
})
