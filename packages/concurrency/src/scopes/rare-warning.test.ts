import { expect, test, vi } from 'vitest'
import { kindOfError, warnRarely } from './rare-warning.ts'
import { TestClock } from '../testing/test-clock.ts'

test('warnRarely warns of each message once a minute, and remembers so many at the most', async () => {
  using clock = TestClock.install()
  const told: string[] = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void told.push(String(warning)))
  for (let i = 0; i < 3; i += 1) warnRarely('a', 'AWarning')
  expect(told).toEqual(['a'])
  await clock.advance(60_000)
  warnRarely('a', 'AWarning')
  expect(told).toEqual(['a', 'a'])
  for (let i = 0; i < 1_000; i += 1) warnRarely(`other ${i}`, 'AWarning')
  warnRarely('a', 'AWarning')
  expect(told.at(-1)).toBe('a')
})

test('kindOfError tells names and codes, and what does not look like one not', () => {
  const error = (fields: object): Error => Object.assign(new Error('hunter2'), fields)
  expect(
    [
      error({ code: 'ECONNRESET' }),
      error({ code: 42 }),
      error({ name: 'hunter 2', code: 'token=hunter2' }),
      { name: 'x'.repeat(100) },
      null,
      7,
    ].map(kindOfError),
  ).toEqual(['Error ECONNRESET', 'Error', 'object', 'object', 'object', 'number'])
})
