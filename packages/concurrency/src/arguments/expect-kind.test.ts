import { describe, expect, test } from 'vitest'
import {
  expectBoolean,
  expectLine,
  expectMilliseconds,
  expectNumber,
  expectObject,
  expectOneOf,
} from './expect-kind.ts'

/** What it says of each value; nothing where it takes it. */
const said = (check: (value: unknown) => void, ...values: unknown[]): (string | undefined)[] =>
  values.map((value) => {
    try {
      check(value)
      return undefined
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
      return (error as Error).message
    }
  })

describe('what was expected, by kind', () => {
  test('expectObject takes what has fields', () => {
    const wrong = 'Expected it to be an object, got'
    expect(
      said(
        (each) => expectObject('it', each),
        {},
        new Map(),
        null,
        [],
        'a',
        () => 1,
      ),
    ).toEqual([
      undefined,
      undefined,
      `${wrong} null`,
      `${wrong} an array`,
      `${wrong} a string`,
      `${wrong} a function`,
    ])
  })

  test('expectBoolean takes true and false', () => {
    expect(said((each) => expectBoolean('it', each), true, false, 0, undefined)).toEqual([
      undefined,
      undefined,
      'Expected it to be a boolean, got 0',
      'Expected it to be a boolean, got undefined',
    ])
  })

  test('expectNumber takes numbers of its range, and Infinity where that has no end', () => {
    const up = 'Expected it to be a number from 0 up, got'
    expect(
      said((each) => expectNumber('it', each, 0), 0, 0.5, Infinity, -1, Number.NaN, '1'),
    ).toEqual([undefined, undefined, undefined, `${up} -1`, `${up} NaN`, `${up} a string`])
    expect(said((each) => expectNumber('it', each, 0, 1), 1, 1.5)).toEqual([
      undefined,
      'Expected it to be a number from 0 to 1, got 1.5',
    ])
  })

  test('expectMilliseconds takes lengths of time from 0 up', () => {
    const up = 'Expected it to be a number of milliseconds from 0 up, got'
    expect(said((each) => expectMilliseconds('it', each), 0, 1.5, Infinity, -1, '1')).toEqual([
      undefined,
      undefined,
      undefined,
      `${up} -1`,
      `${up} a string`,
    ])
    expect(said((each) => expectMilliseconds('it', each, 1, 9), 1, 10)).toEqual([
      undefined,
      'Expected it to be a number of milliseconds from 1 to 9, got 10',
    ])
  })

  test('expectOneOf names the choices, and not what came', () => {
    const wrong = "Expected it to be one of 'csv', 'text', got"
    expect(
      said((each) => expectOneOf('it', each, ['csv', 'text']), 'csv', 'hunter2', undefined),
    ).toEqual([undefined, `${wrong} a string`, `${wrong} undefined`])
    expect(said((each) => expectOneOf('it', each, [false]), false, true)).toEqual([
      undefined,
      'Expected it to be false, got true',
    ])
  })

  test('expectLine takes one line, of a length, and shows none', () => {
    const wrong = 'Expected it to be a string of 1 to 3 characters without control characters, got'
    expect(
      said((each) => expectLine('it', each, 3), 'abc', '事業所', '', 7, 'abcd', 'a\nb', 'a\u0085b'),
    ).toEqual([
      undefined,
      undefined,
      `${wrong} an empty string`,
      `${wrong} 7`,
      `${wrong} one of 4`,
      `${wrong} one with some`,
      `${wrong} one with some`,
    ])
  })
})
