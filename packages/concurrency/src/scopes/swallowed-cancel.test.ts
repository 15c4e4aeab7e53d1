import { channel } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'
import { Barrier } from '../sync/barrier.ts'
import { cancelScope } from './cancel-scope.ts'
import { checkpoint } from './checkpoint.ts'
import { circuitBreaker } from '../resilience/circuit-breaker.ts'
import { Condition } from '../sync/condition.ts'
import { Event } from '../sync/event.ts'
import { gather } from '../tasks/gather.ts'
import { io } from '../boundary/io.ts'
import type { Leftover } from './leftover.ts'
import { Lock } from '../sync/lock.ts'
import { mapConcurrent } from '../tasks/map-concurrent.ts'
import { Queue } from '../sync/queue.ts'
import { rateLimiter } from '../resilience/rate-limiter.ts'
import { retry } from '../resilience/retry.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { singleFlight } from '../resilience/single-flight.ts'
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

const free = new Semaphore(1)
const open = new Queue<number>()
const shut = new Queue<number>()
shut.shutdown()
const broken = new Barrier(2)
broken.abort()
const condition = new Condition()
const flight = singleFlight(() => 1)

/** Everything that begins a wait or a scope, and is refused in a cancelled one. */
const CALLS: Record<string, () => PromiseLike<unknown>> = {
  sleep: () => sleep(1),
  checkpoint,
  'queue.get': () => open.get(),
  'queue.put': () => open.put(1),
  'queue.join': () => open.join(),
  'semaphore.acquire': () => free.acquire(),
  'lock.acquire': () => new Lock().acquire(),
  'event.wait': () => new Event().wait(),
  'condition.wait': () => condition.wait(),
  'barrier.wait': () => new Barrier(1).wait(),
  'limiter.acquire': () => rateLimiter({ limit: 1, windowMs: 1 }).acquire(),
  io: () => io({ boundary: 'test', operation: 'read', effect: 'read' }, {}, () => 1),
  withTimeout: () => withTimeout(1, () => 1),
  cancelScope: () => cancelScope(() => 1),
  taskGroup: () => taskGroup(() => 1),
  gather: () => gather([() => 1]),
  retry: () => retry(() => 1),
  singleFlight: () => flight(),
  circuitBreaker: () => circuitBreaker().call(() => 1),
  mapConcurrent: () => mapConcurrent([1], (item) => item, { concurrency: 1 }).next(),
}

/** What is refused for another reason, at once and for ever. */
const REFUSED: Record<string, () => Promise<unknown>> = {
  'get of a queue that was shut down': () => shut.get(),
  'put into a queue that was shut down': () => shut.put(1),
  'wait at a broken barrier': () => broken.wait(),
}

/** Calls for as long as the loop lets nothing else run, and at the most a thousand times. */
async function callsBeforeTheLoopTurns(call: () => PromiseLike<unknown>): Promise<number> {
  const loop = { turned: false }
  void setImmediate().then(() => (loop.turned = true))
  let calls = 0
  while (!loop.turned && calls < 1_000) {
    calls += 1
    try {
      await call()
    } catch {
      continue
    }
    expect.unreachable('it was not refused')
  }
  return calls
}

describe('a loop that swallows a cancel', () => {
  test.each(Object.keys(CALLS))(
    'around %s yields to the event loop after the first few',
    async (name) => {
      await cancelScope(async (scope) => {
        scope.cancel()
        expect(await callsBeforeTheLoopTurns(CALLS[name] as never)).toBeLessThan(12)
      })
    },
  )

  test.each(Object.keys(REFUSED))('so does one around %s', async (name) => {
    expect(await callsBeforeTheLoopTurns(REFUSED[name] as never)).toBeLessThan(12)
  })

  test('is reported once, with its place', async () => {
    await cancelScope(
      async function swallowing(scope) {
        scope.cancel()
        for (let call = 0; call < 200; call += 1) await open.get().catch(() => undefined)
      },
      { name: 'main' },
    )
    const swallowed = reported.filter(({ state }) => state === 'swallowed')
    expect(swallowed).toMatchObject([{ name: 'queue "queue" get', parent: 'main' }])
    expect(swallowed[0]?.place).toContain('swallowing')
  })

  test('many calls that are refused side by side are no loop', async () => {
    await cancelScope(async (scope) => {
      scope.cancel()
      await Promise.allSettled(Array.from({ length: 5_000 }, () => open.get()))
    })
    expect(reported).toEqual([])
  })

  test('leaves timers and the second signal their chance', async () => {
    const ended = await program(
      `process.once('SIGTERM', () => setTimeout(() => console.log('ready'), 20))
      const queue = new y.Queue()
      await y.run(async () => {
        console.log('ready')
        for (;;) { try { await queue.get() } catch {} }
      })`,
      ['SIGTERM', 'SIGTERM'],
    )
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  })
})

describe('clean-up that a cancel refuses', () => {
  const read = { boundary: 'db', operation: 'query', effect: 'read' } as const

  const BODIES: Record<string, () => Promise<unknown>> = {
    'in a finally': async () => {
      try {
        await sleep(Infinity)
      } finally {
        await io(read, {}, () => 1)
      }
    },
    'in a catch': async () => {
      try {
        await sleep(Infinity)
      } catch (error) {
        await io(read, {}, () => 1)
        throw error
      }
    },
    'in an async dispose': async () => {
      await using _held = { [Symbol.asyncDispose]: () => io(read, {}, async () => undefined) }
      await sleep(Infinity)
    },
    'after a wait of the platform': async () => {
      try {
        await sleep(Infinity)
      } finally {
        await setImmediate()
        await io(read, {}, () => 1)
      }
    },
  }

  test.each(Object.keys(BODIES))(
    '%s is reported once, with its place and what helps',
    async (name) => {
      await withTimeout(1, BODIES[name] as never, { name: 'page' }).catch(() => undefined)
      expect(reported).toMatchObject([
        {
          state: 'refused',
          kind: 'io',
          name: 'db.query',
          parent: 'page',
          place: expect.anything(),
        },
      ])
      expect(reported[0]?.place).toContain('swallowed-cancel.test.ts')
    },
  )

  test('is a warning where nobody listens', async () => {
    const ended = await program(
      `await y.run(() => y.moveOnAfter(1, async () => {
        try { await y.sleep(Infinity) } finally { await y.sleep(1) }
      }, { name: 'page' }))`,
    )
    expect(ended.code).toBe(0)
    expect(ended.err).toContain('Clean-up that awaits belongs in shield() or scope.defer()')
  })

  test('with strict it is an error of the scope', async () => {
    const ended = await program(
      `await y.run(() => y.withTimeout(1, async function page() {
        try { await y.sleep(Infinity) } finally { await y.sleep(1) }
      }), { strict: true }).catch((error) => console.log(error.name, error.error?.name, error.suppressed?.name))`,
    )
    expect(ended.out).toBe('SuppressedError LeftoverError Cancelled\n')
  })

  test('is not what is refused first: the body hears of the cancel by it', async () => {
    await cancelScope(async (scope) => {
      scope.cancel()
      await Promise.allSettled([sleep(1), sleep(1), sleep(1)])
    })
    await taskGroup(async (group) => {
      group.spawn(() => sleep(Infinity))
      await checkpoint()
      group.cancel()
      await sleep(1)
    }).catch(() => undefined)
    expect(reported).toEqual([])
  })

  /** Calls that a cancel meets under way, and that succeed all the same: an answer was already on its way. */
  const SURVIVORS: Record<string, (cancel: () => void) => Promise<unknown>> = {
    io: (cancel) => io(read, {}, () => cancel()),
    'io, one after the other': async (cancel) => {
      await io(read, {}, () => 1)
      await io(read, {}, () => cancel())
    },
    'io side by side': (cancel) =>
      Promise.all([io(read, {}, () => setImmediate()), io(read, {}, () => cancel())]),
    'io within a timeout': (cancel) => withTimeout(1_000, () => io(read, {}, () => cancel())),
    'io in a group': (cancel) =>
      taskGroup(async (group) => {
        await group.spawn(() => io(read, {}, () => cancel()))
      }),
  }

  test.each(Object.keys(SURVIVORS))(
    'is not what follows a call that succeeded although it was cancelled: %s',
    async (name) => {
      const after = (): Promise<unknown> => io(read, {}, () => 1)
      await cancelScope(async (scope) => {
        await SURVIVORS[name]?.(() => scope.cancel())
        await after()
      }).catch(() => undefined)
      expect(reported).toEqual([])
      // What comes after the refusal is clean-up.
      await cancelScope(async (scope) => {
        await SURVIVORS[name]?.(() => scope.cancel())
        await after().catch(after)
      }).catch(() => undefined)
      expect(reported).toMatchObject([{ state: 'refused', name: 'db.query' }])
    },
  )

  test('behind a shield it happens, and nothing is reported', async () => {
    let cleaned = false
    const { shield } = await import('./shield.ts')
    await withTimeout(1, async () => {
      try {
        await sleep(Infinity)
      } finally {
        await shield(async () => {
          await sleep(1)
          cleaned = true
        })
      }
    }).catch(() => undefined)
    expect(cleaned).toBe(true)
    expect(reported).toEqual([])
  })
})
