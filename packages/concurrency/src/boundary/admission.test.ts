import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { IoError } from './io-error.ts'
import type { Permit } from '../sync/semaphore.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { taskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { admission, type Admission, type AdmissionOptions } from './admission.ts'

const open = (options: Partial<AdmissionOptions<string>> = {}): Admission<string> =>
  admission<string>({
    connections: 1,
    name: 'redis',
    refuse: ({ message, ...told }, call) =>
      new IoError(`${call} was not sent: ${message}`, {
        boundary: 'redis',
        operation: call,
        ...told,
      }),
    ...options,
  })

describe('admission', () => {
  test('lets so many in at once, and the others in the order they came', async () => {
    const slots = open({ connections: 2 })
    const order: string[] = []
    const work = async (name: string): Promise<void> => {
      using _permit = await slots.acquire(name)
      order.push(`${name} in`)
      await setImmediate()
      order.push(`${name} out`)
    }
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => work(name)))
    expect(order.join(', ')).toBe('a in, b in, a out, c in, b out, d in, c out, d out')
    expect([slots.used, slots.available, slots.waiting]).toEqual([0, 2, 0])
  })

  test('a permit that is given back goes to the first that waits, and nobody gets in between', async () => {
    const slots = open()
    const held = await slots.acquire('a')
    const second = slots.acquire('b')
    held.release()
    held.release()
    expect(slots.tryAcquire('c')).toBeUndefined()
    const permit = await second
    expect([slots.used, slots.available]).toEqual([1, 0])
    permit.release()
    expect(slots.tryAcquire('c')).toBeDefined()
  })

  test('says that it is overloaded when the queue is full', async () => {
    const slots = open({ queue: 1 })
    using held = await slots.acquire('a')
    const waiting = slots.acquire('b')
    await expect(slots.acquire('c')).rejects.toMatchObject({
      code: 'overloaded',
      retryable: true,
      outcome: 'none',
      message: 'c was not sent: all 1 are in use, and 1 wait already',
    })
    held.release()
    await expect(waiting).resolves.toBeDefined()
    const none = open({ queue: 0 })
    using _only = await none.acquire('a')
    await expect(none.acquire('b')).rejects.toMatchObject({ code: 'overloaded' })
  })

  test('says that the wait was too long to each whose own time is over, by one timer', async () => {
    using clock = TestClock.install()
    const slots = open({ acquireTimeoutMs: 100 })
    using held = await slots.acquire('a')
    const log: string[] = []
    const wait = (name: string): void =>
      void slots.acquire(name).then(
        () => log.push(`${name} in`),
        (error: IoError) => log.push(`${error.operation} ${error.code}`),
      )
    wait('b')
    await clock.advance(60)
    wait('c')
    expect(clock.pending).toBe(1)
    await clock.advance(40)
    expect(log).toEqual(['b acquire_timeout'])
    expect(clock.pending).toBe(1)
    held.release()
    await setImmediate()
    expect(log).toEqual(['b acquire_timeout', 'c in'])
    expect(clock.pending).toBe(0)
  })

  test('without a limit nobody’s time is ever over', async () => {
    using clock = TestClock.install()
    const slots = open({ acquireTimeoutMs: Infinity })
    const held = await slots.acquire('a')
    const waiting = slots.acquire('b')
    expect(clock.pending).toBe(0)
    held.release()
    await expect(waiting).resolves.toBeDefined()
  })

  test('a wait obeys the scope around it, and no permit is lost by that', async () => {
    using clock = TestClock.install()
    const slots = open()
    const held = await slots.acquire('a')
    const waiting = withTimeout(5, () => slots.acquire('b'))
    const later = slots.acquire('c')
    const [result] = await Promise.all([waiting.catch((error: unknown) => error), clock.advance(5)])
    expect(result).toMatchObject({ timeoutMs: 5, outcome: 'none' })
    expect([slots.waiting, clock.pending]).toEqual([1, 1])
    held.release()
    const permit = await later
    permit.release()
    expect([slots.available, clock.pending]).toEqual([1, 0])
    await cancelScope(async (scope) => {
      scope.cancel()
      await expect(slots.acquire('d')).rejects.toMatchObject({ name: 'Cancelled' })
    }).catch(() => undefined)
    expect(slots.available).toBe(1)
  })

  test('a timer is over with the last that waits, however it leaves', async () => {
    using clock = TestClock.install()
    const slots = open()
    using _held = await slots.acquire('a')
    await cancelScope(async (scope) => {
      const waiting = slots.acquire('b')
      expect(clock.pending).toBe(1)
      scope.cancel()
      await waiting
    }).catch(() => undefined)
    expect(clock.pending).toBe(0)
  })

  test('once closed, refuses those that wait and all that come; a permit stays good', async () => {
    using clock = TestClock.install()
    const slots = open()
    const held = await slots.acquire('a')
    const waiting = slots.acquire('b')
    slots.close()
    slots.close()
    const closed = {
      code: 'closed',
      retryable: false,
      message: 'b was not sent: the client is closed',
    }
    await expect(waiting).rejects.toMatchObject(closed)
    await expect(slots.acquire('c')).rejects.toMatchObject({ code: 'closed', operation: 'c' })
    expect(() => slots.tryAcquire('d')).toThrow('d was not sent: the client is closed')
    expect([slots.closed, slots.used, clock.pending]).toEqual([true, 1, 0])
    held.release()
    expect(slots.used).toBe(0)
  })

  test('stands in the task tree', async () => {
    const slots = open()
    using held = await slots.acquire('a')
    await taskGroup(async (group) => {
      group.spawn(() => slots.acquire('b'), { name: 'second' })
      await setImmediate()
      expect(JSON.stringify(taskTree())).toContain('connection of \\"redis\\", 1st in line')
      held.release()
    })
  })

  test('a storm of callers that give up, fail and wait ends with all permits free', async () => {
    using clock = TestClock.install()
    const slots = open({ connections: 3, queue: 20, acquireTimeoutMs: 7 })
    let most = 0
    const use = async (permit: Permit, ms: number): Promise<void> => {
      using _held = permit
      most = Math.max(most, slots.used)
      await new Promise<void>((resolve) => void clock.schedule(ms, resolve))
    }
    const calls = Array.from({ length: 60 }, (_, index) =>
      withTimeout(index % 11, async () => await use(await slots.acquire('x'), index % 5)).catch(
        () => undefined,
      ),
    )
    await clock.advance(100)
    await Promise.all(calls)
    expect(most).toBe(3)
    expect([slots.used, slots.waiting, clock.pending]).toEqual([0, 0, 0])
  })

  test('a refusal that cannot be made leaves nobody waiting', async () => {
    using clock = TestClock.install()
    const mistake = new Error('mistake')
    const refuse = (): Error => {
      throw mistake
    }
    const late = open({ refuse, acquireTimeoutMs: 10 })
    const closed = open({ refuse })
    using _first = await late.acquire('a')
    using _second = await closed.acquire('a')
    const waiting = [late, late, closed, closed].map((slots) =>
      slots.acquire('b').catch((error: unknown) => error),
    )
    closed.close()
    await clock.advance(10)
    expect(await Promise.all(waiting)).toEqual([mistake, mistake, mistake, mistake])
    expect([late.waiting, closed.waiting, clock.pending]).toEqual([0, 0, 0])
  })

  test('refuses options that are none', () => {
    expect(() => admission(undefined as never)).toThrow(
      'Expected the options of admission to be an object, got undefined',
    )
    expect(() => open({ connections: 0 })).toThrow('Expected connections to be an integer from 1')
    expect(() => open({ queue: -1 })).toThrow('Expected queue')
    expect(() => open({ acquireTimeoutMs: Number.NaN })).toThrow('Expected acquireTimeoutMs')
    expect(() => open({ refuse: 1 as never })).toThrow('Expected refuse to be a function')
    expect(() => open({ queued: 1 } as never)).toThrow('did you mean "queue"?')
  })
})
