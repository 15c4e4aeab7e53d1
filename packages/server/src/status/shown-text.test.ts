import { describe, expect, test } from 'vitest'
import { shownText } from './shown-text.ts'

describe('a shown text', () => {
  test.each([
    'semaphore "smtp", 3rd in line',
    'lock "pool", 1,024th in line',
    'io db.query',
    'GET /plans/:id',
    'event "end of the answer to GET /plans/:id"',
    'sleep',
  ])('%s is as it was', (text) => {
    expect(shownText(text)).toBe(text)
  })

  test.each([
    ['remind taro@example.jp', 'remind :id'],
    ['plan 4711', 'plan :id'],
    ['sync 2026-11-28', 'sync :id'],
    ['load 0b5c1f0e-1a2b-4c3d-8e4f-5a6b7c8d9e0f', 'load :id'],
    ['田中 is read', ':id is read'],
    ['key=sk_live_hunter2hunter2', ':id'],
    ['GET /plans/4711/steps', 'GET /plans/:id/steps'],
  ])('%s becomes %s', (text, shown) => {
    expect(shownText(text)).toBe(shown)
  })

  test('is short, however long the name is, and shows no part of what it cuts', () => {
    const long = `job ${'word '.repeat(10_000)}`
    expect(shownText(long).length).toBeLessThanOrEqual(121)
    for (let length = 200; length < 260; length += 1) {
      const text = `${'4711 '.repeat(length / 5)}hunter${'x'.repeat(300)}`
      expect(shownText(text)).not.toContain('hunter')
    }
    expect(shownText('hunter'.repeat(10_000))).not.toContain('hunter')
  })
})
