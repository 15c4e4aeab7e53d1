import { describe, expect, test } from 'vitest'
import { expected, expectFunction, expectInteger, expectText } from './expected.ts'
import { asCompleted } from '../tasks/as-completed.ts'
import { gather } from '../tasks/gather.ts'

/** What it says of each value; nothing where it takes it. */
const messageOf = (check: (value: unknown) => void, values: unknown[]): (string | undefined)[] =>
  values.map((value) => {
    try {
      check(value)
      return undefined
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
      return (error as Error).message
    }
  })

describe('what was expected', () => {
  test('expected tells the kind of what came and not its content', () => {
    expect(expected('key to be a key', 'hunter2')).toEqual(
      new TypeError('Expected key to be a key, got a string'),
    )
  })

  test('expectInteger takes integers of its range, and Infinity only where that is its end', () => {
    const up = 'Expected count to be an integer from 1 up, got'
    expect(
      messageOf((each) => expectInteger('count', each, 1), [1, 2, 0, 1.5, '1', Infinity]),
    ).toEqual([undefined, undefined, `${up} 0`, `${up} 1.5`, `${up} a string`, `${up} Infinity`])
    const orInfinity = 'Expected count to be an integer from 1 up or Infinity, got'
    const values = [1, Infinity, 0, -Infinity, Number.NaN, 2 ** 53]
    expect(messageOf((each) => expectInteger('count', each, 1, Infinity), values)).toEqual([
      undefined,
      undefined,
      `${orInfinity} 0`,
      `${orInfinity} -Infinity`,
      `${orInfinity} NaN`,
      `${orInfinity} 9007199254740992`,
    ])
    const range = 'Expected port to be an integer from 0 to 65535, got'
    expect(
      messageOf((each) => expectInteger('port', each, 0, 65_535), [0, 65_535, 65_536]),
    ).toEqual([undefined, undefined, `${range} 65536`])
  })

  test('expectFunction says of a promise to pass the function itself', () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what somebody may pass
    const odd = Object.defineProperty({}, 'then', { get: () => expect.unreachable() })
    expect(
      messageOf((each) => expectFunction('fn', each), [() => 1, 1, Promise.resolve(), odd]),
    ).toEqual([
      undefined,
      'Expected fn to be a function, got 1',
      'Expected fn to be a function, got an instance of Promise: pass the function itself, not the promise it returns',
      'Expected fn to be a function, got an instance of Object',
    ])
  })

  test('expectText takes strings of one character up, to a length, and shows none', () => {
    expect(messageOf((each) => expectText('key', each), ['a', 'a'.repeat(9_999), '', 7])).toEqual([
      undefined,
      undefined,
      'Expected key to be a string of 1 character or more, got an empty string',
      'Expected key to be a string of 1 character or more, got 7',
    ])
    expect(messageOf((each) => expectText('key', each, 3), ['abc', 'abcd', undefined])).toEqual([
      undefined,
      'Expected key to be a string of 1 to 3 characters, got one of 4',
      'Expected key to be a string of 1 to 3 characters, got undefined',
    ])
  })

  test('of a promise where work is to be begun, what to write instead is told', async () => {
    const work = Promise.resolve(1) as never
    await expect(gather([() => 1, work])).rejects.toThrow(
      'Expected 1 to be a function, got an instance of Promise: write gather([() => work()]), not gather([work()])',
    )
    await expect(gather({ office: work })).rejects.toThrow(
      'write gather({ office: () => work() }), not gather({ office: work() })',
    )
    expect(() => asCompleted([work])).toThrow('write asCompleted([() => work()])')
    await expect(gather({ office: 1 as never })).rejects.toThrow(
      /^Expected office to be a function, got 1$/,
    )
  })
})
