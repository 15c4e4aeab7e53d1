import { expect, test } from 'vitest'
import { expectInteger } from './expected.ts'

test('expectInteger takes integers from its minimum up, and Infinity only where it is told to', () => {
  const told = (value: unknown, orInfinity?: boolean): string => {
    try {
      expectInteger('count', value as number, 1, orInfinity)
      return 'taken'
    } catch (error) {
      return (error as Error).message
    }
  }
  expect([told(1), told(2), told(Infinity, true)]).toEqual(['taken', 'taken', 'taken'])
  const refused = 'Expected count to be an integer from 1 up, got'
  expect([told(0), told(1.5), told('1'), told(Infinity)]).toEqual([
    `${refused} 0`,
    `${refused} 1.5`,
    `${refused} a string`,
    `${refused} Infinity`,
  ])
  expect(told(0, true)).toBe('Expected count to be an integer from 1 up or Infinity, got 0')
})
