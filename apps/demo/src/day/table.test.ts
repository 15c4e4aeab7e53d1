import { describe, expect, test } from 'vitest'
import { padEnd, renderTable } from './table.ts'

const title = { ja: '登録', en: 'Registration' }
const text = { ja: 'メールが届く', en: 'the mail arrives' }

describe('renderTable', () => {
  test('says whether every step held', () => {
    const good = {
      number: 1,
      title,
      checks: [{ text, holds: true, seen: '1' }],
      tookMs: 12.4,
      failure: undefined,
    }
    expect(renderTable([good], 'en')).toContain('Every step held')
    expect(renderTable([good], 'ja')).toContain('すべての段階が成立しました')
    expect(renderTable([good], 'en')).toMatch(/✓ 1\. Registration +12 ms/)
  })

  test('shows what did not hold and what broke off', () => {
    const bad = {
      number: 1,
      title,
      checks: [{ text, holds: false, seen: '0' }],
      tookMs: 1,
      failure: 'no mail',
    }
    const table = renderTable([bad], 'en')
    expect(table).toContain('✗ the mail arrives')
    expect(table).toContain('✗ broke off: no mail')
    expect(table).toContain('Not every step held')
  })

  test('a step without a check does not hold', () => {
    const empty = { number: 1, title, checks: [], tookMs: 1, failure: undefined }
    expect(renderTable([empty], 'en')).toContain('Not every step held')
  })
})

describe('padEnd', () => {
  test('counts Japanese characters as two columns', () => {
    expect(padEnd('登録', 6)).toBe('登録  ')
    expect(padEnd('abc', 6)).toBe('abc   ')
  })
})
