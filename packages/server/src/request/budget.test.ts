import { remaining } from '@yuzuru/concurrency'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { serve } from '../listening/serve.ts'
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

const GARBAGE =
  `|1|S|-1S|+5m|1.5S|1e3m|123456789S|1 S| 5m|5m |5	m|5m5|1s|1h|5U|5N|1S,2S|1S, 1S|5mm|m5|NaNm|٥m|0x5m|5ms|5m
`.split('|')

test.each(GARBAGE)('grpc-timeout %j is ignored', (text) => {
  expect(parseGrpcTimeout(text)).toBe(undefined)
})

test('milliseconds are whole and not negative; all else is ignored', () => {
  const read = budgetReader({ header: 'X-Budget', trust })
  expect(read(requestWith({ 'x-budget': ['250'] }))).toBe(250)
  const garbage = ['', '-1', '+5', '1.5', '1e3', '1e999', '0x10', ' 5', '5 ', '1'.repeat(16), '5m5']
  for (const text of [...garbage, '5m', '5, 5', '1_000', '\u0665', 'Infinity', '5\n']) {
    expect(read(requestWith({ 'x-budget': [text] }))).toBe(undefined)
  }
  for (const values of [[], ['1', '2'], ['5', '5']]) {
    expect(read(requestWith({ 'x-budget': values }))).toBe(undefined)
  }
  for (const text of ['0', '00', '007']) {
    expect(read(requestWith({ 'x-budget': [text] }))).toBe(Number(text))
  }
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

test.each([
  ['x-envoy-expected-rq-timeout-ms', {}, '700', 700],
  ['grpc-timeout', { header: 'grpc-timeout' }, '700m', 700],
  ['one of its own', { header: 'X-Budget' }, '700', 700],
  ['one that is longer than the server allows', {}, '60000', 1_000],
  ['garbage', {}, '-1', 1_000],
])('the deadline of a request is what its header says, up to maxRequestMs: %s', async (...row) => {
  const [, options, value, most] = row
  const { header = 'x-envoy-expected-rq-timeout-ms' } = options as { header?: string }
  const left: number[] = []
  const app = (): Response => {
    left.push(remaining())
    return new Response('ok')
  }
  await using server = await serve(app, {
    lingerMs: 0,
    maxRequestMs: 1_000,
    budget: { ...options, trust },
  })
  await ask(server.url, { headers: { [header]: value } })
  expect(left[0]).toBeLessThanOrEqual(most)
  expect(left[0]).toBeGreaterThan(most - 300)
})
