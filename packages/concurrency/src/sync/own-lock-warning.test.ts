import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkpoint } from '../scopes/checkpoint.ts'
import { Condition } from './condition.ts'
import { gather } from '../tasks/gather.ts'
import { Lock } from './lock.ts'
import { run } from '../scopes/run.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { moveOnAfter } from '../scopes/move-on-after.ts'

describe('a lock that its own task waits for', () => {
  let warnings: string[] = []
  let clock: TestClock
  let start = 0

  beforeEach(async () => {
    warnings = []
    vi.spyOn(process, 'emitWarning').mockImplementation(
      (warning) => void warnings.push(String(warning)),
    )
    clock = TestClock.install()
    // What was warned of in another test is forgotten.
    await clock.advance((start += 200_000))
  })

  afterEach(() => clock[Symbol.dispose]())

  /** Runs it to its end, by the clock. */
  const toItsEnd = async (body: () => Promise<unknown>): Promise<void> => {
    const ended = body()
    await clock.advance(60_000)
    await ended
    expect(clock.pending).toBe(0)
  }

  test.each([
    ['at once', (lock: Lock) => lock.acquire()],
    ['in a timeout', (lock: Lock) => moveOnAfter(30_000, () => lock.acquire())],
    ['in a shield', (lock: Lock) => shield(() => moveOnAfter(9_000, () => lock.acquire()))],
    ['in the body of a group', (lock: Lock) => taskGroup(() => lock.acquire())],
  ])('is warned of: acquired again %s', async (_, again) => {
    await toItsEnd(() =>
      moveOnAfter(20_000, () =>
        gather({
          page: async () => {
            const lock = new Lock({ name: 'cache' })
            using _held = await lock.acquire()
            await again(lock)
          },
        }),
      ),
    )
    expect(warnings).toEqual([
      '"page" has waited for 5 s for the lock "cache", which it holds itself. Does it acquire it a second time? A lock is not re-entrant',
    ])
  })

  test('is not warned of where other work of the task releases it', async () => {
    const lock = new Lock()
    const critical = async (): Promise<void> => {
      using _held = await lock.acquire()
      await sleep(2_000)
    }
    await toItsEnd(() =>
      run(async () => {
        const first = critical()
        await checkpoint()
        await Promise.all([first, ...Array.from({ length: 9 }, critical)])
      }),
    )
    expect(warnings).toEqual([])
  })

  test('holds no timer once the lock is had', async () => {
    await toItsEnd(() =>
      run(async () => {
        const lock = new Lock()
        const held = await lock.acquire()
        const waiting = lock.acquire()
        expect(clock.pending).toBe(1)
        held.release()
        using _held = await waiting
        expect(clock.pending).toBe(0)
      }),
    )
  })

  test('is not warned of where a child or a sibling waits, nor outside of all scopes', async () => {
    const lock = new Lock()
    const critical = async (): Promise<void> => {
      using _held = await lock.acquire()
      await sleep(9_000)
    }
    await toItsEnd(() =>
      run(async () => {
        await gather([critical, critical])
        const held = await lock.acquire()
        await taskGroup(async (group) => {
          group.spawn(critical)
          await sleep(9_000)
          held.release()
        })
      }),
    )
    await toItsEnd(() => Promise.all([critical(), critical()]))
    expect(warnings).toEqual([])
  })

  test('is not warned of where a condition lent it to another in the meantime', async () => {
    const condition = new Condition()
    const { lock } = condition
    await toItsEnd(() =>
      run(async () => {
        const waiting = (async () => {
          using _held = await lock.acquire()
          await sleep(3_000)
          await condition.wait()
          await sleep(3_000)
        })()
        await checkpoint()
        const waker = (async () => {
          using _held = await lock.acquire()
          condition.notify()
        })()
        const last = (async () => {
          using _held = await lock.acquire()
        })()
        await Promise.all([waiting, waker, last])
      }),
    )
    expect(warnings).toEqual([])
  })
})
