import { describe, expect, test } from 'vitest'
import { Cancelled } from './cancelled.ts'
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

  test('what was thrown and is no error comes through if it is plain, and else as nothing', () => {
    for (const plain of ['text', 7, null, undefined]) expect(travel(plain)).toBe(plain)
    expect(travel({ secret: 1 })).toBeUndefined()
    expect(travel(() => 1)).toBeUndefined()
  })

  test('an error without a stack gets one of its own', () => {
    const error = new Error('bare')
    Reflect.deleteProperty(error, 'stack')
    Object.defineProperty(error, 'stack', { value: undefined })
    expect((travel(error) as Error).stack).toContain('bare')
  })

  test('a circle of causes, and of errors in errors, is cut', () => {
    const error = new AggregateError([], 'round')
    error.cause = error
    error.errors.push(error)
    let depth = 0
    for (let each = travel(error) as Error; each !== undefined; each = each.cause as Error) {
      depth += 1
    }
    expect(depth).toBe(9)
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
