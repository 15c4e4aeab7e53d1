import { describe, expect, test } from 'vitest'
import {
  cancelScope,
  gather,
  io,
  isCausedBy,
  isRetryable,
  moveOnAfter,
  outcomeOf,
  shield,
  sleep,
  taskGroup,
  withTimeout,
} from '../index.ts'
import { asCompleted, mapConcurrent } from '../tasks.ts'
import { circuitBreaker, retry, singleFlight } from '../resilience.ts'
import { errorKind } from '../boundary/io-error-kind.ts'
import { partsWithin } from './read-error.ts'

const write = { boundary: 'test', operation: 'write', effect: 'write' } as const

function refuse(): never {
  throw new Error('it cannot be asked')
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {})
  revoke()
  return proxy
}

function withGetter(key: string): unknown {
  return Object.defineProperty(new AggregateError([new Error('part')], 'hostile'), key, {
    get: refuse,
  })
}

function ofItself(): unknown {
  const error = new AggregateError([], 'of itself')
  error.errors.push(error)
  return error
}

function suppressingItself(): unknown {
  const error = new SuppressedError(1, 2)
  return Object.assign(error, { error, suppressed: error })
}

function causedByItself(): unknown {
  const error = new Error('caused by itself')
  return Object.assign(error, { cause: error })
}

/** As many clean-ups that failed one after the other leave. */
function deep(): unknown {
  let error: unknown = new Error('first')
  for (let depth = 0; depth < 20_000; depth += 1) error = new SuppressedError(depth, error)
  return error
}

/** Everything that can be thrown and is hard to ask. */
const THROWN: Record<string, () => unknown> = {
  'a proxy that was revoked': revoked,
  'a proxy without a prototype to ask for': () =>
    new Proxy(new Error('proxy'), { getPrototypeOf: refuse }),
  'a proxy that cannot be written on': () =>
    new Proxy(new Error('proxy'), { defineProperty: refuse }),
  'a cause that throws': () => withGetter('cause'),
  'an outcome that throws': () => withGetter('outcome'),
  'a retryable that throws': () => withGetter('retryable'),
  'a retryAfterMs that throws': () => withGetter('retryAfterMs'),
  'a message that throws': () => withGetter('message'),
  'errors that throw': () => withGetter('errors'),
  'a message that is no text': () => Object.assign(new Error('x'), { message: Symbol('text') }),
  'errors that are no array': () =>
    Object.assign(new AggregateError([]), { errors: { length: 3 } }),
  'an aggregate of itself': ofItself,
  'an error that suppresses itself': suppressingItself,
  'an error that is its own cause': causedByItself,
  'an error of twenty thousand': deep,
  'a frozen error': () => Object.freeze(new Error('frozen')),
  undefined: () => undefined,
  'a function': () => refuse,
  'a symbol': () => Symbol('thrown'),
}

type Fail = () => never

/** Everything through which a failure goes. */
const THROUGH: Record<string, (fail: Fail) => PromiseLike<unknown>> = {
  cancelScope: (fail) => cancelScope(fail),
  withTimeout: (fail) => withTimeout(1_000, fail),
  moveOnAfter: (fail) => moveOnAfter(1_000, fail),
  shield: (fail) => shield(fail),
  io: (fail) => io(write, {}, fail),
  'io with a translation': (fail) => io({ ...write, translate: refuse }, {}, fail),
  retry: (fail) => retry(fail),
  'retry with when': (fail) => retry(fail, { when: () => true, baseDelayMs: 0 }),
  singleFlight: (fail) => singleFlight(fail)(),
  circuitBreaker: (fail) => circuitBreaker().call(fail),
  gather: (fail) => gather([fail, () => sleep(Infinity)]),
  taskGroup: (fail) =>
    taskGroup((group) => {
      group.spawn(fail)
      group.spawn(() => sleep(Infinity))
    }),
  'a task that settles': (fail) => taskGroup((group) => void group.spawn(fail, { settle: true })),
  mapConcurrent: (fail) => mapConcurrent([1], fail, { concurrency: 1 }).next(),
  asCompleted: (fail) => asCompleted([fail]).next(),
  'what was deferred': (fail) => cancelScope((scope) => scope.defer(fail)),
  'a cancelled scope': (fail) =>
    cancelScope((scope) => {
      scope.cancel()
      fail()
    }),
}

/** Whether `error` is `thrown`, or holds it. */
function holds(error: unknown, thrown: unknown, depth = 0): boolean {
  if (Object.is(error, thrown)) return true
  if (depth > 3 || !(error instanceof Error)) return false
  const { cause } = error
  const parts =
    error instanceof AggregateError
      ? error.errors
      : error instanceof SuppressedError
        ? [error.error, error.suppressed]
        : []
  return [cause, ...parts].some((part) => holds(part, thrown, depth + 1))
}

describe('an error that is hard to ask', () => {
  test.each(Object.keys(THROWN))('goes through everything: %s', async (name) => {
    for (const [through, call] of Object.entries(THROUGH)) {
      const thrown = THROWN[name]?.()
      const fail = (): never => {
        throw thrown
      }
      const ended = await Promise.resolve(call(fail)).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      expect(ended !== undefined && holds(ended.error, thrown), through).toBe(true)
    }
  })

  test.each(Object.keys(THROWN))('can be asked for all that is asked: %s', (name) => {
    const thrown = THROWN[name]?.()
    expect(outcomeOf(thrown)).toBeUndefined()
    expect(isRetryable(thrown)).toBe(false)
    expect(isCausedBy(thrown, new Error('another'))).toBe(false)
    expect(typeof errorKind(thrown)).toBe('string')
  })

  test.each(Object.keys(THROWN))(
    'has no outcome of none once a write went through: %s',
    async (name) => {
      const thrown = THROWN[name]?.()
      const ended = await cancelScope(async () => {
        await io(write, {}, () => 1)
        throw thrown
      }).catch((error: unknown) => ({ error }))
      const { error } = ended
      const isObject = typeof error === 'object' && error !== null
      expect(outcomeOf(error)).toBe(isObject ? 'unknown' : undefined)
    },
  )

  test('a proxy that says it was written on, and was not, is unknown all the same', async () => {
    const liar = new Proxy(Object.assign(new Error('liar'), { outcome: 'none' }), {
      defineProperty: () => true,
    })
    await cancelScope(async () => {
      await io(write, {}, () => 1)
      throw liar
    }).catch(() => undefined)
    expect(outcomeOf(liar)).toBe('unknown')
  })

  test('one with more parts than anybody reads says nothing', () => {
    const many = new Proxy<unknown[]>([], { get: (_, key) => (key === 'length' ? 2 ** 31 : 0) })
    expect(outcomeOf(Object.assign(new AggregateError([]), { errors: many }))).toBeUndefined()
    const grows = (): AggregateError =>
      Object.defineProperty(new AggregateError([]), 'errors', { get: () => [grows(), grows()] })
    expect(partsWithin(grows())).toEqual([])
  })
})
