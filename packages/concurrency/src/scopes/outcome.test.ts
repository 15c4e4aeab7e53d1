import { describe, expect, test } from 'vitest'
import { Cancelled, isCausedBy } from './cancelled.ts'
import { IoError } from '../boundary/io-error.ts'
import { hasMark, mark } from './marker.ts'
import { describeValue } from '../arguments/describe-value.ts'
import { isRetryable, outcomeOf } from './outcome.ts'
import { QueueShutDown } from '../sync/queue-shut-down.ts'
import { CircuitOpenError } from '../resilience/circuit-open-error.ts'
import { LeftoverError } from './leftover-error.ts'
import { TimeoutError } from './timeout-error.ts'

const none = { outcome: 'none', retryable: true }
const unknown = { outcome: 'unknown', retryable: false }

describe('outcomeOf', () => {
  test('is what the error says, or undefined', () => {
    expect(outcomeOf(none)).toBe('none')
    expect(outcomeOf(unknown)).toBe('unknown')
    expect(outcomeOf(new Error('mine'))).toBeUndefined()
    expect(outcomeOf({ outcome: 'other' })).toBeUndefined()
    expect(outcomeOf('text')).toBeUndefined()
    expect(outcomeOf(null)).toBeUndefined()
  })

  test('looks through aggregates: unknown if any of them is', () => {
    expect(outcomeOf(new AggregateError([none, unknown]))).toBe('unknown')
    expect(outcomeOf(new AggregateError([none, none]))).toBe('none')
    expect(outcomeOf(new AggregateError([none, new Error('mine')]))).toBeUndefined()
    expect(outcomeOf(new SuppressedError(none, unknown))).toBe('unknown')
  })
})

describe('isRetryable', () => {
  test('is what the error says; an aggregate only if all its parts do', () => {
    expect([none, unknown, 'text', null, new Error('x')].map(isRetryable)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
    expect(isRetryable(new AggregateError([none]))).toBe(true)
    expect(isRetryable(new AggregateError([none, none]))).toBe(true)
    expect(isRetryable(new AggregateError([none, unknown]))).toBe(false)
    expect(isRetryable(new AggregateError([]))).toBe(false)
    expect(outcomeOf(new AggregateError([]))).toBe(undefined)
  })
})

describe('isCausedBy', () => {
  test('asks by identity: the reason itself, or an error whose cause it is', () => {
    const reason = new Cancelled('x', { source: 'scope', scope: 'x' })
    expect(isCausedBy(reason, reason)).toBe(true)
    expect(isCausedBy(new Error('aborted', { cause: reason }), reason)).toBe(true)
    expect(isCausedBy(new Cancelled('x', { source: 'scope', scope: 'x' }), reason)).toBe(false)
    expect(isCausedBy('x', reason)).toBe(false)
    expect(isCausedBy(undefined, undefined)).toBe(false)
  })
})

describe('error identity', () => {
  const init = {
    boundary: 'x',
    operation: 'x',
    code: 'x',
    retryable: false,
    outcome: 'none',
  } as const
  test.each([
    [Cancelled, new Cancelled('x', { source: 'scope', scope: 'x' })],
    [IoError, new IoError('x', init)],
    [TimeoutError, new TimeoutError('x', { scope: 'x', timeoutMs: 1, outcome: 'none' })],
    [QueueShutDown, new QueueShutDown('x')],
    [CircuitOpenError, new CircuitOpenError('x', 1)],
    [LeftoverError, new LeftoverError('x', [])],
  ])('%o survives two copies of the package', (type, error) => {
    class Copy extends Error {
      static {
        mark(this.prototype, type.prototype.name)
      }
    }
    expect(error.name).toBe(type.name)
    expect(type.isInstance(error)).toBe(true)
    expect(type.isInstance(new Copy())).toBe(true)
    expect(type.isInstance(new Error('x'))).toBe(false)
    expect(type.isInstance(null)).toBe(false)
  })

  test('a subclass has the marks of its ancestors', () => {
    expect(IoError.isInstance(new CircuitOpenError('x', 1))).toBe(true)
    expect(hasMark(new CircuitOpenError('x', 1), 'IoError')).toBe(true)
  })
})

describe('describeValue', () => {
  test('names a value without printing what is in it', () => {
    const values = [null, 1, true, 2n, '', 'secret', [], new Map(), Object.create(null)]
    expect([...values, undefined, () => 1, Symbol('s')].map(describeValue)).toEqual([
      'null',
      '1',
      'true',
      '2',
      'an empty string',
      'a string',
      'an array',
      'an instance of Map',
      'an object',
      'undefined',
      'a function',
      'a symbol',
    ])
  })
})
