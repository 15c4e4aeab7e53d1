import { describe, expect, test } from 'vitest'
import { renderSummary } from './summary.ts'

const title = { ja: '登録', en: 'Registration' }
const text = { ja: 'メールが届く', en: 'the mail arrives' }

describe('renderSummary', () => {
  test('says whether every step held', () => {
    const good = {
      number: 1,
      title,
      checks: [{ text, holds: true, seen: '1' }],
      tookMs: 12.4,
      failure: undefined,
    }
    expect(renderSummary([good], 'en')).toContain('Every step held')
    expect(renderSummary([good], 'ja')).toContain('すべての段階が成立しました')
    expect(renderSummary([good], 'en')).toMatch(/✓ 1\. Registration +12 ms/)
    expect(renderSummary([good], 'en')).toContain('1 of 1 checks held')
    // It was shown as it happened.
    expect(renderSummary([good], 'en')).not.toContain('the mail arrives')
  })

  test('shows what did not hold and what broke off', () => {
    const bad = {
      number: 1,
      title,
      checks: [{ text, holds: false, seen: '0' }],
      tookMs: 1,
      failure: 'no mail',
    }
    const table = renderSummary([bad], 'en')
    expect(table).toContain('✗ the mail arrives')
    expect(table).toContain('✗ broke off: no mail')
    expect(table).toContain('Not every step held')
  })

  test('a step without a check does not hold', () => {
    const empty = { number: 1, title, checks: [], tookMs: 1, failure: undefined }
    expect(renderSummary([empty], 'en')).toContain('Not every step held')
  })
})
