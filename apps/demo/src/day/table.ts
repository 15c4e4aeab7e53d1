import { type StepResult, stepHolds } from './report.ts'
import type { Language } from '../web/language.ts'

const HEADS = {
  ja: { failure: '中断', all: 'すべての段階が成立しました', some: '成立しなかった段階があります' },
  en: { failure: 'broke off', all: 'Every step held', some: 'Not every step held' },
}

/** The day as a table for a terminal: a row a check, under its step. */
export function renderTable(results: readonly StepResult[], language: Language): string {
  const lines: string[] = []
  for (const result of results) {
    const mark = stepHolds(result) ? '✓' : '✗'
    const took = `${Math.round(result.tookMs)} ms`
    lines.push(
      `${mark} ${result.number}. ${padEnd(result.title[language], 64)} ${took.padStart(9)}`,
    )
    for (const { text, holds, seen } of result.checks) {
      lines.push(`    ${holds ? '✓' : '✗'} ${padEnd(text[language], 62)} ${seen}`.trimEnd())
    }
    if (result.failure !== undefined) {
      lines.push(`    ✗ ${HEADS[language].failure}: ${result.failure}`)
    }
  }
  const { all, some } = HEADS[language]
  lines.push('', results.every((result) => stepHolds(result)) ? all : some)
  return lines.join('\n')
}

/** Pads by the width in a terminal, where Japanese characters are two columns wide. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += WIDE.test(character) ? 2 : 1
  return width
}
