import { channel } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'
import { Barrier } from '../sync/barrier.ts'
import { cancelScope } from './cancel-scope.ts'
import { Condition } from '../sync/condition.ts'
import { detached } from './detached.ts'
import { Event } from '../sync/event.ts'
import { io } from '../boundary/io.ts'
import { LeftoverError } from './leftover-error.ts'
import type { Leftover } from './leftover.ts'
import { Lock } from '../sync/lock.ts'
import { Queue } from '../sync/queue.ts'
import { rateLimiter } from '../resilience/rate-limiter.ts'
import { run } from './run.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { withTimeout } from './timeout.ts'

const reported: Leftover[] = []
const listener = (leftover: unknown): void => void reported.push(leftover as Leftover)
beforeEach(() => {
  reported.length = 0
  channel('yuzuru:leftover').subscribe(listener)
})
afterEach(() => channel('yuzuru:leftover').unsubscribe(listener))

const read = { boundary: 'test', operation: 'read', effect: 'read' } as const

describe('a wait that is left behind', () => {
  test('takes no item: it ends with its scope', async () => {
    const queue = new Queue<string>({ name: 'mails' })
    await cancelScope(() => Promise.race([queue.get(), sleep(5)]), { name: 'page' })
    await queue.put('a')
    expect(queue.size).toBe(1)
    expect(reported).toMatchObject([
      { kind: 'wait', name: 'queue "mails" get, 1st in line', parent: 'page', state: 'cancelled' },
    ])
  })

  test('takes no permit', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    await cancelScope(() => Promise.race([semaphore.acquire(), sleep(5)]))
    held.release()
    expect([semaphore.available, semaphore.waiting]).toEqual([1, 0])
  })

  const held = new Lock({ name: 'row' })
  const WAITS: Record<string, () => unknown> = {
    sleep: () => sleep(1e9),
    'queue "q" get, 1st in line': () => new Queue({ name: 'q' }).get(),
    'queue "q" put, 1st in line': () => {
      const queue = new Queue<number>({ name: 'q', maxSize: 1 })
      queue.tryPut(1)
      return queue.put(2)
    },
    'queue "q" join, 1st in line': () => {
      const queue = new Queue<number>({ name: 'q' })
      queue.tryPut(1)
      return queue.join()
    },
    'semaphore "s", 1st in line': () => new Semaphore(0, { name: 's' }).acquire(),
    'lock "row", 1st in line': () => held.acquire(),
    'event "e", 1st in line': () => new Event({ name: 'e' }).wait(),
    'barrier "b", 1st in line': () => new Barrier(2, { name: 'b' }).wait(),
    'condition "c", 1st in line': async () => {
      const condition = new Condition({ name: 'c' })
      using _held = await condition.acquire()
      await condition.wait()
    },
    'rate limiter "r", 1st in line': () => {
      const limiter = rateLimiter({ limit: 1, windowMs: 1e9, name: 'r' })
      limiter.tryAcquire()
      return limiter.acquire()
    },
  }

  test.each(Object.keys(WAITS))('is named and ended: %s', async (name) => {
    held.tryAcquire()
    await cancelScope(async () => {
      void WAITS[name]?.()
      await setImmediate()
    })
    expect(reported).toMatchObject([{ kind: 'wait', name, state: 'cancelled' }])
  })

  test('what goes on after it is waited for as far as it cleans up behind a shield', async () => {
    const log: string[] = []
    const stray = async (): Promise<void> => {
      try {
        await sleep(1e9)
      } finally {
        await shield(async () => {
          await sleep(5)
          log.push('cleaned up')
        })
      }
    }
    await cancelScope(() => {
      void stray().catch(() => undefined)
    })
    expect(log).toEqual(['cleaned up'])
  })

  test('begins nothing new, though it swallows its cancel', async () => {
    let waits = 0
    const stray = async (): Promise<void> => {
      for (let each = 0; each < 5; each += 1) {
        await sleep(1e9).catch(() => undefined)
        waits += 1
      }
    }
    await cancelScope(() => {
      void stray()
    })
    await setImmediate()
    expect(waits).toBe(5)
  })

  test('is not reported where its scope failed or was cancelled', async () => {
    await cancelScope(async () => {
      void sleep(1e9).catch(() => undefined)
      throw new Error('no')
    }).catch(() => undefined)
    await withTimeout(1, () => Promise.all([sleep(1e9), sleep(1e9)])).catch(() => undefined)
    expect(reported).toEqual([])
  })

  test('with strict it is an error of the scope, with the place', async () => {
    const failing = run(
      () =>
        cancelScope(function forgetful() {
          void sleep(1e9)
        }),
      { strict: true },
    )
    await expect(failing).rejects.toBeInstanceOf(LeftoverError)
    await expect(failing).rejects.toThrow(/wait "sleep" was still running .*\n.*\n?.*forgetful/)
  })

  test('outside all scopes it belongs to nobody', async () => {
    const event = new Event()
    let woken = false
    await cancelScope(() => {
      void detached(() => event.wait().then(() => (woken = true)))
    })
    event.set()
    await setImmediate()
    expect(woken).toBe(true)
    expect(reported).toEqual([])
  })

  test('the process does not wait for it, nor die of it', async () => {
    const ended = await program(
      `const started = performance.now()
      await y.run(async () => {
        y.sleep(1e9)
        y.sleep(1e9).finally(() => console.log('ended'))
      })
      console.log('end')`,
    )
    expect(ended).toMatchObject({ code: 0, out: 'ended\nend\n' })
    expect(ended.err).toContain('wait "sleep" was still running')
  })
})

describe('what begins in a scope that has ended', () => {
  const late = async (begin: () => Promise<unknown>): Promise<void> => {
    let go: (() => void) | undefined
    let done: Promise<unknown> | undefined
    await cancelScope(
      function page() {
        const { promise, resolve } = Promise.withResolvers<void>()
        go = resolve
        done = (async function forgotten() {
          await promise
          return await begin()
        })()
        done.catch(() => undefined)
      },
      { name: 'page' },
    )
    go?.()
    await done
  }

  test.each<[string, string, () => Promise<unknown>]>([
    ['io', 'test.read', () => io(read, {}, () => 1)],
    ['timeout', 'timeout', () => withTimeout(10, () => 1)],
    ['group', 'group', () => taskGroup(() => 1)],
  ])('is reported once, with its place: %s', async (kind, name, begin) => {
    await late(async () => {
      await begin()
      await begin()
    })
    expect(reported).toMatchObject([{ kind, name, parent: 'page', state: 'late' }])
    expect(reported[0]?.place).toContain('left-waits.test.ts')
  })

  test('is refused with strict', async () => {
    let ran = false
    const failing = run(() => late(() => io(read, {}, () => (ran = true))), { strict: true })
    await expect(failing).rejects.toBeInstanceOf(LeftoverError)
    expect(ran).toBe(false)
  })

  test('is nothing to report where it is detached', async () => {
    await cancelScope(async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const shared = detached(() => promise.then(() => io(read, {}, () => 'keys')))
      resolve()
      expect(await shared).toBe('keys')
    })
    expect(reported).toEqual([])
  })
})

describe('the failure of a leftover', () => {
  test.each([
    ['of a call', `y.io(write, {}, fail)`],
    ['of a timeout', `y.withTimeout(1e6, () => y.io(write, {}, fail))`],
    ['of a group', `y.taskGroup((group) => { group.spawn(() => y.io(write, {}, fail)) })`],
    ['of a gather', `y.gather([() => y.io(write, {}, fail)])`],
  ])(
    '%s is reported in the words of the package, and is not the end of the process',
    async (_, call) => {
      const ended = await program(
        `const write = {
        boundary: 'test', operation: 'insert', effect: 'write',
        translate: (cause) => new y.IoError('insert failed: unique_violation',
          { boundary: 'test', operation: 'insert', code: 'unique_violation', retryable: false, outcome: 'none', cause }),
      }
      const fail = async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw new Error('Key (email)=(hanako@example.jp) already exists')
      }
      await y.run(() => { void ${call} })
      console.log('end')`,
      )
      expect(ended).toMatchObject({ code: 0, out: 'end\n' })
      expect(ended.err).toContain('unique_violation')
      expect(ended.err).not.toContain('hanako')
    },
  )

  test('a forgotten scope is named with its place where run is strict', async () => {
    const failing = run(
      function forgetful() {
        void taskGroup(() => sleep(1e9))
      },
      { strict: true },
    )
    await expect(failing).rejects.toThrow(/group "group" was still running [^]*forgetful/)
  })
})
