import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { paint } from './paint.ts'
import { printDay } from './print-day.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A day of one step, as it is printed. */
function printed(): string {
  const lines: string[] = []
  const day = printDay(2, 'en', (line) => lines.push(line))
  day.begins(1, { ja: '登録', en: 'Registration' })
  day.notes(1, { kind: 'does', text: { ja: '', en: 'somebody registers' } })
  day.notes(1, { kind: 'breaks', text: { ja: '', en: 'Losing an answer' } })
  day.notes(1, { kind: 'check', text: { ja: '', en: 'it arrives' }, holds: true, seen: '1' })
  day.notes(1, { kind: 'check', text: { ja: '', en: 'once' }, holds: false, seen: '2' })
  day.ends({ number: 1, title: { ja: '', en: '' }, checks: [], tookMs: 1, failure: 'no mail' })
  return lines.join('\n')
}

const PLAIN = `
1/2 Registration
    · somebody registers
    ! on purpose: Losing an answer
    ✓ it arrives: 1
    ✗ once: 2
    ✗ no mail`

test('each step is printed once, with what is done, what is broken on purpose, and what held', () => {
  expect(printed()).toBe(PLAIN)
})

test('a terminal with colours sees a fault on purpose in another one than a failure', () => {
  vi.stubEnv('NO_COLOR', undefined)
  vi.stubEnv('FORCE_COLOR', '1')
  const painted = paint(PLAIN)
  expect(stripVTControlCharacters(painted)).toBe(PLAIN)
  // The first colour of each line: what follows the escape, up to its `m`.
  const codes = painted.split('\n').map((line) => line.split('\u001B[')[1]?.split('m')[0])
  const [, step, does, breaks, held, failed, why] = codes
  expect(failed).toBe(why)
  expect(new Set([step, does, breaks, held, failed, undefined]).size).toBe(6)
})

test('where colours are turned off it is plain', () => {
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('NO_COLOR', '1')
  expect(paint(PLAIN)).toBe(PLAIN)
})
