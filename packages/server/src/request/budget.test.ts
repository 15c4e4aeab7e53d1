import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { budgetReader, parseGrpcTimeout } from './budget.ts'

const trust = (): boolean => true

const requestWith = (headersDistinct: Record<string, string[]>): never =>
  ({ headersDistinct }) as never

test.each([
  ['1S', 1_000],
  ['100m', 100],
  ['2M', 120_000],
  ['1H', 3_600_000],
  ['500u', 0.5],
  ['0n', 0],
  ['99999999H', 359_999_996_400_000],
])('grpc-timeout %s is %d ms', (text, ms) => {
  expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 6)
})

test.each(['', '1', 'S', '-1S', '1.5S', '123456789S', '1 S', '1s', '1S,2S', 'NaNm'])(
  'grpc-timeout %j is ignored',
  (text) => {
    expect(parseGrpcTimeout(text)).toBe(undefined)
  },
)

test('milliseconds are whole and not negative; all else is ignored', () => {
  const read = budgetReader({ header: 'X-Budget', trust })
  expect(read(requestWith({ 'x-budget': ['250'] }))).toBe(250)
  for (const text of ['', '-1', '1.5', '1e3', '0x10', ' 1', '1'.repeat(16)]) {
    expect(read(requestWith({ 'x-budget': [text] }))).toBe(undefined)
  }
  expect(read(requestWith({ 'x-budget': ['1', '2'] }))).toBe(undefined)
  expect(read(requestWith({}))).toBe(undefined)
})

test('a peer that is not trusted sets no deadline', () => {
  const read = budgetReader({ header: 'x-budget', trust: () => false })
  expect(read(requestWith({ 'x-budget': ['0'] }))).toBe(undefined)
  expect(budgetReader(undefined)(requestWith({ 'grpc-timeout': ['0m'] }))).toBe(undefined)
})

test('whatever is sent, a budget is a number of milliseconds from 0 up, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const header of ['grpc-timeout', 'x-budget']) {
        const budget = budgetReader({ header, trust })(requestWith({ [header]: [text] }))
        expect(budget === undefined || (Number.isFinite(budget) && budget >= 0)).toBe(true)
      }
    }),
  )
})
