import type { Language } from '../web/language.ts'
import { fold, foldBetween } from './fold.ts'
import { type StepResult, stepHolds } from './report.ts'

const TEXTS = {
  ja: {
    head: 'まとめ',
    failure: '中断',
    all: 'すべての段階が成立しました',
    some: '成立しなかった段階があります',
    checks: (held: number, all: number) => `${all} 件のうち ${held} 件を確認`,
  },
  en: {
    head: 'Summary',
    failure: 'broke off',
    all: 'Every step held',
    some: 'Not every step held',
    checks: (held: number, all: number) => `${held} of ${all} checks held`,
  },
}

/** The day in short, for a terminal: a line a step, and under it what did not hold. */
export function renderSummary(results: readonly StepResult[], language: Language): string {
  const texts = TEXTS[language]
  const lines: string[] = [texts.head]
  for (const result of results) {
    const mark = stepHolds(result) ? '✓' : '✗'
    const took = `${Math.round(result.tookMs)} ms`
    lines.push(foldBetween(`${mark} ${result.number}. ${result.title[language]}`, took))
    for (const { text, holds, seen } of result.checks) {
      if (!holds) lines.push(fold(`    ✗ ${text[language]}: ${seen}`))
    }
    if (result.failure !== undefined) {
      lines.push(fold(`    ✗ ${texts.failure}: ${result.failure}`))
    }
  }
  const checks = results.flatMap((result) => result.checks)
  const held = checks.filter(({ holds }) => holds).length
  const whole = results.every((result) => stepHolds(result)) ? texts.all : texts.some
  lines.push(
    '',
    fold(`${whole}${{ ja: '。', en: '. ' }[language]}${texts.checks(held, checks.length)}`),
  )
  return lines.join('\n')
}
