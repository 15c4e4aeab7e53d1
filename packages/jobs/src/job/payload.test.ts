import { anything, assert, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { serialise } from './payload.ts'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value }
  return value
}

const withProperty = Object.assign([1, 2], { note: 'x' })
const withSymbol = { a: [{ [Symbol('secret')]: 1 }] }
const hidden = Object.defineProperty({}, 'at', { value: 1, enumerable: false })
const sparseWithProperty = Object.assign([1, , 3], { note: 'x' }) // oxlint-disable-line no-sparse-arrays -- it is what is tested

describe('a payload', () => {
  test.each([
    ['-0', -0, 'Expected payload to be JSON, got -0'],
    ['-0 within', { a: [0, -0] }, 'Expected payload.a[1] to be JSON, got -0'],
    [
      'a symbol as a key',
      withSymbol,
      'Expected payload.a[0] to be JSON, got an object with the key',
    ],
    [
      'a property of an array',
      { list: withProperty },
      'Expected payload.list to be JSON, got an array with the property "note"',
    ],
    ['a property of a sparse array', sparseWithProperty, 'Expected payload'],
    ['what is not enumerable', hidden, 'Expected payload to be JSON, got an object whose "at"'],
    ['what is nested 1,001 deep', nested(1_001), 'Expected payload to be nested at most 1000 deep'],
    ['what is nested 100,000 deep', nested(100_000), 'nested at most 1000 deep'],
  ])('is refused with %s', (_, payload, message) => {
    expect(() => serialise(payload)).toThrow(message)
    expect(() => serialise(payload)).toThrow(TypeError)
  })

  test('may be nested 1,000 deep', () => {
    expect(JSON.parse(serialise(nested(1_000)))).toEqual(nested(1_000))
  })

  test('that is taken is what JSON gives back, in every bit', () => {
    // Whatever values there are: each is either refused, or the same after a round trip.
    assert(
      property(
        anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withObjectString: true,
          withSet: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        (payload) => {
          let text: string
          try {
            text = serialise(payload)
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError)
            return
          }
          expect(same(JSON.parse(text), payload)).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

/** Equal but for prototypes and for properties that are `undefined`; 0 and -0 differ. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null) return Object.is(one, other)
  if (typeof other !== 'object' || other === null || Array.isArray(one) !== Array.isArray(other))
    return false
  const left = Object.entries(one)
  const right = Object.entries(other).filter(([, value]) => value !== undefined)
  return (
    left.length === right.length &&
    left.every(([key, value]) => same(value, Reflect.get(other, key)))
  )
}
