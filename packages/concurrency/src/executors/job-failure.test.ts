import * as fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { IoError } from '../boundary/io-error.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { type Outcome, outcomeOf, raiseOutcome } from '../scopes/outcome.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'
import { describeFailure, reviveFailure } from './job-failure.ts'

/** There and back, as between two threads. */
const travel = (error: unknown): unknown => reviveFailure(structuredClone(describeFailure(error)))

describe('a failure that travels', () => {
  test('keeps its name, message, stack, plain fields and cause', () => {
    class PageError extends Error {
      override get name(): string {
        return 'PageError'
      }
      readonly page = 3
      readonly secret = { deep: 'left out' }
    }
    const error = new PageError('torn', { cause: new RangeError('too far') })
    const come = travel(error) as Error
    expect(come).toMatchObject({ name: 'PageError', message: 'torn', stack: error.stack, page: 3 })
    expect(come).not.toHaveProperty('secret')
    expect(come.cause).toBeInstanceOf(RangeError)
    expect(Object.keys(come)).toContain('page')
    expect(Object.keys(come)).not.toContain('stack')
  })

  test('an AggregateError keeps all its errors', () => {
    const come = travel(new AggregateError([new TypeError('a'), 'b'], 'both')) as AggregateError
    expect(come).toBeInstanceOf(AggregateError)
    expect(come.errors).toEqual([new TypeError('a'), 'b'])
  })

  test('what is no error arrives as a copy, where it can be copied', () => {
    class Refusal {
      readonly code = 4
    }
    for (const value of ['', 'text', 7, 7n, Number.NaN, null, undefined, true]) {
      expect(travel(value)).toBe(value)
    }
    const copied = [
      { deep: { code: 1 } },
      [1, [2]],
      new Map([['a', 1]]),
      new Date(5),
      Object.freeze({ a: 1 }),
    ]
    for (const value of copied) expect(travel(value)).toEqual(value)
    expect(travel(new Refusal())).toEqual({ code: 4 })
    let asked = 0
    expect(
      travel({
        get turn() {
          return (asked += 1)
        },
      }),
    ).toEqual({ turn: 1 })
    const round: Record<string, unknown> = {}
    round['self'] = round
    expect(travel(round)).toEqual(round)
  })

  test('and else as an error that says what it was, with its plain fields', () => {
    const bad = (): never => {
      throw new Error('no')
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const table: [thrown: unknown, what: string, fields?: object][] = [
      [() => 1, 'a function'],
      [Symbol('s'), 'a symbol'],
      [Symbol.for('s'), 'a symbol'],
      [{ code: 1, retry: bad, toString: bad }, 'an instance of Object', { code: 1 }],
      [
        Object.defineProperty({ a: 1 }, 'b', { get: bad, enumerable: true }),
        'an instance of Object',
        { a: 1 },
      ],
      [
        {
          get constructor() {
            return bad()
          },
          f: bad,
        },
        'an object',
      ],
      [proxy, 'an object'],
      [new Proxy({ a: 1 }, { ownKeys: bad }), 'an instance of Object'],
      [new WeakMap(), 'an instance of WeakMap'],
      [Promise.resolve(1), 'an instance of Promise'],
      [Object.assign(Object.create(null), { f: bad }), 'an object'],
    ]
    for (const [thrown, what, fields] of table) {
      const come = travel(thrown)
      expect(come).toBeInstanceOf(Error)
      expect(come).toMatchObject({
        message: `The job threw ${what}, which cannot be sent`,
        ...fields,
      })
    }
  })

  test('an error that cannot be asked comes with what can be', () => {
    const bad = (): never => {
      throw new Error('no')
    }
    const error = new RangeError('far')
    for (const key of ['name', 'stack', 'cause', 'code']) {
      Object.defineProperty(error, key, { get: bad, enumerable: true })
    }
    const come = travel(error) as Error
    expect(come).toBeInstanceOf(RangeError)
    expect([come.name, come.message, come.cause]).toEqual(['RangeError', 'far', undefined])
    expect(travel(Object.freeze(new TypeError('cold')))).toEqual(new TypeError('cold'))
    const odd = Object.assign(new Error('x'), { name: Symbol('n'), message: 7, stack: [] })
    expect(travel(odd)).toMatchObject({ name: 'Error', message: '7' })
    const trap = new Proxy(new Error('x'), { getPrototypeOf: bad, get: bad })
    expect((travel(trap) as Error).message).toMatch(
      /^The job threw an object, which cannot be sent/,
    )
  })

  test('is of the class of JavaScript that it was, or that its class stands on', () => {
    class PageError extends TypeError {}
    expect(travel(new PageError('x'))).toBeInstanceOf(TypeError)
    const named = Object.assign(new Error('x'), { name: 'TypeError' })
    expect(travel(named)).not.toBeInstanceOf(TypeError)
    const foreign: unknown = runInNewContext('new SyntaxError("there")')
    expect(travel(foreign)).toEqual(new SyntaxError('there'))
    const aborted = travel(new DOMException('stop', { name: 'AbortError', cause: 'c' }))
    expect(aborted).toBeInstanceOf(DOMException)
    expect(aborted).toMatchObject({ name: 'AbortError', code: 20, message: 'stop', cause: 'c' })
    const both = travel(
      new SuppressedError(new RangeError('late'), 'first', 'm'),
    ) as SuppressedError
    expect(both).toBeInstanceOf(SuppressedError)
    expect([both.error, both.suppressed]).toEqual([new RangeError('late'), 'first'])
    expect(travel(Object.assign(new Error('x'), { suppressed: 1, error: 2 }))).toMatchObject({
      suppressed: 1,
      error: 2,
    })
    const inner = Object.assign(new AggregateError([]), { errors: 1, cause: () => 1 })
    expect((travel(inner) as Error).cause).toBeInstanceOf(Error)
  })

  test('an error without a stack gets one of its own', () => {
    const error = new Error('bare')
    Reflect.deleteProperty(error, 'stack')
    Object.defineProperty(error, 'stack', { value: undefined })
    expect((travel(error) as Error).stack).toContain('bare')
  })

  test('a circle of causes, and of errors in errors, is cut; a long chain too', () => {
    const error = new AggregateError([], 'round', { cause: new Error('between') })
    ;(error.cause as Error).cause = error
    error.errors.push(error, new Error('leaf'))
    const come = travel(error) as AggregateError
    expect((come.cause as Error).cause).toBeUndefined()
    expect(come.errors).toEqual([new Error('leaf')])
    let chain = new Error('first')
    for (let i = 0; i < 10_000; i += 1) chain = new Error('next', { cause: chain })
    let depth = 0
    for (let each = travel(chain) as Error; each !== undefined; each = each.cause as Error) {
      depth += 1
    }
    expect(depth).toBe(9)
  })

  test('what was too deep to be kept does not leave the others to speak for it', () => {
    const none = { outcome: 'none' } as const
    let error = new AggregateError([none, new Error('one’s own')])
    for (let depth = 0; depth < 10; depth += 1) error = new AggregateError([none, error])
    expect(outcomeOf(error)).toBeUndefined()
    expect(outcomeOf(travel(error))).toBeUndefined()
  })

  test('what many errors share is sent once, and shared again', () => {
    let error: Error = new Error('root')
    for (let i = 0; i < 8; i += 1)
      error = new AggregateError(Array.from({ length: 30 }, () => error))
    let come = travel(error) as AggregateError
    for (let i = 0; i < 8; i += 1) {
      expect([come.errors.length, new Set(come.errors).size]).toEqual([30, 1])
      come = come.errors[0] as AggregateError
    }
    expect(come.message).toBe('root')
  })

  test('is told by isInstance as before', () => {
    const own = Object.assign(new Error('x'), { [Symbol.for('other')]: 1, [Symbol('own')]: 1 })
    expect(describeFailure(own).error?.marks).toEqual([])
    expect(travel(own)).not.toHaveProperty('cause')
    expect(Cancelled.isInstance(travel(new Cancelled('x', { source: 'task', scope: 's' })))).toBe(
      true,
    )
  })
})

/** Errors with an outcome and without, in errors of any depth, as scopes leave them: raised, and frozen. */
const failures: fc.Arbitrary<unknown> = (() => {
  const outcome = fc.constantFrom<Outcome>('none', 'none', 'none', 'unknown')
  const single = fc.oneof(
    outcome.map((outcome) => {
      const init = { boundary: 'b', operation: 'o', code: 'c', retryable: true, outcome }
      return new IoError('io', init)
    }),
    outcome.map((outcome) => new TimeoutError('late', { scope: 's', timeoutMs: 1, outcome })),
    outcome.map((outcome) => ({ outcome })),
    fc.constant('text'),
    fc.constant(undefined).map(() => new Error('one’s own')),
  )
  const left = (error: unknown, raised: boolean, frozen: boolean): unknown => {
    if (frozen) Object.freeze(error)
    if (raised) raiseOutcome(error)
    return error
  }
  const { failure } = fc.letrec<{ failure: unknown }>((tie) => {
    const part = tie('failure')
    return {
      failure: fc
        .tuple(
          fc.oneof(
            { maxDepth: 12, depthSize: 'max' },
            single,
            fc.array(part, { minLength: 1, maxLength: 3 }).map((all) => new AggregateError(all)),
            fc.tuple(part, part).map(([error, before]) => new SuppressedError(error, before)),
            part.map((cause) => new Error('around', { cause })),
          ),
          fc.boolean(),
          fc.boolean(),
        )
        .map(([error, raised, frozen]) => left(error, raised, frozen)),
    }
  })
  return failure
})()

test('a failure that travels never says "none" where it did not before', () => {
  fc.assert(
    fc.property(failures, (failure) => {
      const said = outcomeOf(failure)
      const arrived = outcomeOf(travel(failure))
      if (said === 'none') expect(arrived).not.toBe('unknown')
      else if (said === 'unknown') expect(arrived).toBe('unknown')
      else expect(arrived).not.toBe('none')
    }),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 1_000) },
  )
})
