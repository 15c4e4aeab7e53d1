import * as fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Condition } from './condition.ts'
import { Queue } from './queue.ts'
import { Semaphore } from './semaphore.ts'
import type { Task } from '../tasks/task.ts'
import { taskGroup, type TaskGroup } from '../tasks/task-group.ts'

/*
 * Each primitive beside a plain reference that has no promises in it: after every command, and a turn
 * of the event loop, both must tell the same.
 */

type Command = readonly [name: string, argument: number]

const commands = (...names: string[]): fc.Arbitrary<Command[]> =>
  fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(6)), { maxLength: 30 })

/** Runs `body` in a group and ends what still waits. */
const inGroup = (body: (group: TaskGroup) => Promise<void>): Promise<void> =>
  taskGroup(async (group) => {
    await body(group)
    group.cancel()
  })

const runs = { numRuns: 60 }

describe('models', () => {
  test('Semaphore: first come, first served, and no permit lost or made', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 }),
        commands('acquire', 'release', 'cancel', 'release and cancel'),
        async (permits, sequence) => {
          const semaphore = new Semaphore(permits)
          const model = { free: permits, holders: [] as number[], waiters: [] as number[] }
          const holders: number[] = []
          const ends = new Map<number, () => void>()
          const tasks: Task<void>[] = []
          const hand = (): void => {
            while (model.free > 0 && model.waiters.length > 0) {
              model.free -= 1
              model.holders.push(model.waiters.shift() as number)
            }
          }
          const release = (place: number): void => {
            const [id] = model.holders.splice(place, 1)
            if (id === undefined) return
            ends.get(id)?.()
            holders.splice(holders.indexOf(id), 1)
            model.free += 1
            hand()
          }
          const cancel = (place: number): void => {
            const [id] = model.waiters.splice(place, 1)
            if (id !== undefined) tasks[id]?.cancel()
          }
          await inGroup(async (group) => {
            for (const [name, argument] of sequence) {
              if (name === 'acquire') {
                const id = tasks.length
                model.waiters.push(id)
                hand()
                tasks.push(
                  group.spawn(async () => {
                    const permit = await semaphore.acquire()
                    ends.set(id, () => permit.release())
                    holders.push(id)
                  }),
                )
              } else if (name === 'cancel') {
                cancel(argument)
              } else {
                // Cancelled in the same tick as a release: the release finds the first that lives.
                if (name === 'release and cancel') cancel(0)
                release(argument)
              }
              await setImmediate()
              expect(holders).toEqual(model.holders)
              expect(semaphore.waiting).toBe(model.waiters.length)
              expect(semaphore.available).toBe(model.free)
            }
          })
        },
      ),
      runs,
    )
  })

  test('Queue: order kept, nothing lost, producers held back, whoever is cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        commands('put', 'get', 'cancel put', 'cancel get', 'done', 'shutdown', 'shutdown now'),
        async (maxSize, sequence) => {
          const queue = new Queue<number>({ maxSize })
          const model = {
            items: [] as number[],
            putters: [] as number[],
            getters: [] as number[],
            log: [] as string[],
            unfinished: 0,
            open: true,
          }
          const log: string[] = []
          const tasks = new Map<number, Task<void>>()
          let ids = 0
          const settle = (): void => {
            for (;;) {
              const room = model.items.length < maxSize
              if (model.items.length > 0 && model.getters.length > 0) {
                model.log.push(`get ${model.getters.shift()} = ${model.items.shift()}`)
              } else if (room && model.putters.length > 0) {
                const id = model.putters.shift() as number
                model.items.push(id)
                model.unfinished += 1
                model.log.push(`put ${id}`)
              } else return
            }
          }
          const fail = (what: string, waiting: number[]): void => {
            model.log.push(...waiting.splice(0).map((id) => `${what} ${id} failed`))
          }
          await inGroup(async (group) => {
            for (const [name, argument] of sequence) {
              if (name === 'put' || name === 'get') {
                const id = ids
                ids += 1
                const work = async (): Promise<void> => {
                  try {
                    if (name === 'put') {
                      await queue.put(id)
                      log.push(`put ${id}`)
                    } else {
                      const item = await queue.get()
                      log.push(`get ${id} = ${item}`)
                    }
                  } catch (error) {
                    if (!(error instanceof Error) || error.name !== 'QueueShutDown') throw error
                    log.push(`${name} ${id} failed`)
                  }
                }
                model[name === 'put' ? 'putters' : 'getters'].push(id)
                if (!model.open) {
                  if (name === 'put') fail('put', model.putters)
                  else {
                    settle()
                    fail('get', model.getters)
                  }
                } else settle()
                tasks.set(id, group.spawn(work))
              } else if (name.startsWith('cancel')) {
                const line = name === 'cancel put' ? model.putters : model.getters
                const [id] = line.splice(argument, 1)
                if (id !== undefined) tasks.get(id)?.cancel()
              } else if (name === 'done') {
                if (model.unfinished === 0) expect(() => queue.taskDone()).toThrow(TypeError)
                else {
                  model.unfinished -= 1
                  queue.taskDone()
                }
              } else {
                model.open = false
                fail('put', model.putters)
                if (name === 'shutdown now') {
                  model.unfinished = Math.max(0, model.unfinished - model.items.splice(0).length)
                }
                fail('get', model.getters)
                queue.shutdown({ immediate: name === 'shutdown now' })
              }
              await setImmediate()
              expect(log.toSorted()).toEqual(model.log.toSorted())
              expect(queue.size).toBe(model.items.length)
              expect(queue.unfinished).toBe(model.unfinished)
            }
          })
        },
      ),
      runs,
    )
  })

  test('Condition: each notify wakes the first that lives, who holds the lock', async () => {
    await fc.assert(
      fc.asyncProperty(
        commands('wait', 'notify', 'cancel', 'notify and cancel', 'notify all'),
        async (sequence) => {
          const condition = new Condition()
          const model = { waiting: [] as number[], woken: [] as number[] }
          const woken: number[] = []
          const tasks: Task<void>[] = []
          const wake = (count: number): void => {
            model.woken.push(...model.waiting.splice(0, count))
          }
          await inGroup(async (group) => {
            for (const [name, argument] of sequence) {
              if (name === 'wait') {
                const id = tasks.length
                model.waiting.push(id)
                tasks.push(
                  group.spawn(async () => {
                    using _held = await condition.acquire()
                    await condition.wait()
                    expect(condition.lock.locked).toBe(true)
                    woken.push(id)
                  }),
                )
              } else if (name === 'cancel') {
                const [id] = model.waiting.splice(argument, 1)
                if (id !== undefined) tasks[id]?.cancel()
              } else {
                using _held = await condition.acquire()
                if (name === 'notify all') {
                  wake(Infinity)
                  condition.notifyAll()
                } else {
                  condition.notify(argument)
                  if (name === 'notify and cancel') {
                    // Notified, then cancelled before it ran: another one is woken in its stead.
                    const id = model.waiting[0]
                    if (id !== undefined) tasks[id]?.cancel()
                    model.waiting.shift()
                  }
                  wake(argument)
                }
              }
              await setImmediate()
              expect(woken.toSorted((a, b) => a - b)).toEqual(model.woken.toSorted((a, b) => a - b))
              expect(condition.waiting).toBe(model.waiting.length)
              expect(condition.lock.locked).toBe(false)
            }
          })
        },
      ),
      runs,
    )
  })
})
