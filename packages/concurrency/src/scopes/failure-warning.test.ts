import { channel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Queue } from '../sync/queue.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { workers } from '../tasks/workers.ts'

class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly code = 'no_key'
}

const fail = (): Promise<never> => Promise.reject(new SecretError('hunter2'))

describe('a failure of which nobody hears', () => {
  let told: string[] = []
  let clock: TestClock
  let start = 0

  beforeEach(async () => {
    told = []
    vi.spyOn(process, 'emitWarning').mockImplementation(
      (warning) => void told.push(String(warning)),
    )
    clock = TestClock.install()
    // What was warned of in another test is forgotten.
    await clock.advance((start += 100_000))
  })

  afterEach(() => clock[Symbol.dispose]())

  test('is warned of while its group still waits, by its name and kind and nothing else', async () => {
    const result = taskGroup(
      (group) => {
        group.spawn(fail, { name: 'poll' })
        group.spawn(() => shield(() => sleep(5_000)))
      },
      { name: 'background' },
    )
    const ended = expect(result).rejects.toThrow('hunter2')
    await clock.advance(999)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told).toEqual([
      'task "poll" in "background" failed (SecretError no_key); its group still waits for what it cancelled, and throws it then',
    ])
    await clock.advance(4_000)
    await ended
    expect(told).toHaveLength(1)
  })

  test('is not warned of when its group ends soon', async () => {
    const result = taskGroup((group) => {
      group.spawn(fail)
      group.spawn(() => shield(() => sleep(900)))
    })
    const ended = expect(result).rejects.toThrow('hunter2')
    await clock.advance(900)
    await ended
    expect(clock.pending).toBe(0)
    await clock.advance(1_000)
    expect(told).toEqual([])
  })

  test('of workers is warned of with the name of the worker', async () => {
    const queue = new Queue<string>()
    const result = workers(
      queue,
      2,
      (item) => (item === 'bad' ? fail() : shield(() => sleep(5_000))),
      { name: 'mails' },
    )
    const ended = expect(result).rejects.toThrow('hunter2')
    for (const item of ['good', 'bad']) queue.tryPut(item)
    await clock.advance(1_000)
    expect(told).toEqual([
      expect.stringMatching(/^task "mails 2" in "mails" failed \(SecretError no_key\)/),
    ])
    await clock.advance(5_000)
    await ended
  })

  test('of a task that settles is warned of while nobody awaits it, and no longer', async () => {
    const result = taskGroup(
      async (group) => {
        const asked = group.spawn(fail, { name: 'asked', settle: true })
        const unasked = group.spawn(fail, { name: 'unasked', settle: true })
        await sleep(500)
        await Promise.allSettled([asked])
        await sleep(5_000)
        await Promise.allSettled([unasked])
        group.spawn(() => Promise.reject(7), { name: 'primitive', settle: true })
        await sleep(5_000)
        const odd = Object.defineProperty(new Error('x'), 'name', {
          get: () => expect.unreachable(),
        })
        group.spawn(() => Promise.reject(odd), { name: 'odd', settle: true })
        await Promise.allSettled([group.spawn(() => sleep(5_000))])
        await sleep(5_000)
      },
      { name: 'settling' },
    )
    const ended = expect(result).rejects.toThrow('2 failures in "settling"')
    await clock.advance(20_500)
    await ended
    expect(told).toEqual([
      'task "unasked" in "settling" failed (SecretError no_key); nobody awaits the task',
      'task "primitive" in "settling" failed (number); nobody awaits the task',
      'task "odd" in "settling" failed (object); nobody awaits the task',
    ])
  })

  test('is warned of once a minute for each kind', async () => {
    const round = async (name: string, group = 'rounds'): Promise<void> => {
      const result = taskGroup(
        (group) => {
          group.spawn(fail, { name })
          group.spawn(() => shield(() => sleep(10_000)))
        },
        { name: group },
      )
      const ended = expect(result).rejects.toThrow('hunter2')
      await clock.advance(10_000)
      await ended
    }
    for (let i = 0; i < 6; i += 1) await round('a')
    expect(told).toHaveLength(1)
    await round('b')
    expect(told).toHaveLength(2)
    await round('a')
    expect(told).toHaveLength(3)
  })

  test('is published where somebody listens, and then not warned of', async () => {
    const published: unknown[] = []
    const listen = (failure: unknown): void => void published.push(failure)
    channel('yuzuru:failure').subscribe(listen)
    const result = taskGroup(async (group) => {
      group.spawn(() => shield(() => sleep(5_000)))
      throw new SecretError('hunter2')
    })
    const ended = expect(result).rejects.toThrow('hunter2')
    await clock.advance(5_000)
    await ended
    channel('yuzuru:failure').unsubscribe(listen)
    expect(published).toEqual([
      { task: 'group', group: 'group', error: new SecretError('hunter2'), why: 'ending' },
    ])
    expect(told).toEqual([])
  })
})
