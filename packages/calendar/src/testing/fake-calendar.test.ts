import { expect, test } from 'vitest'
import { createFakeCalendar, type FakeCalendar } from './fake-calendar.ts'

test.each<[string, (calendar: FakeCalendar) => void, string]>([
  ['a reply', (it) => it.fail('POST /token', 'rest' as never), "got 'rest'"],
  ['an answer', (it) => it.fail('POST /token', { statsu: 503 } as never), 'got "statsu"'],
  ['a line', (it) => it.fail('', 'reset'), 'Expected line to be a string'],
  [
    'a line',
    (it) => it.intercept(undefined as never, () => 'reset'),
    'Expected line to be a string',
  ],
  ['a change', (it) => it.intercept('POST /token', 'reset' as never), 'got a string'],
])('refuses anything else for %s', async (_what, act, words) => {
  await using calendar = createFakeCalendar()
  expect(() => act(calendar)).toThrow(TypeError)
  expect(() => act(calendar)).toThrow(words)
})
