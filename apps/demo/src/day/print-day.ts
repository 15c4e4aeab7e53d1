import type { Language } from '../web/language.ts'
import type { DayObserver } from './day-observer.ts'
import type { Note } from './report.ts'

/** What a fault that is wanted is called in front of what it does. */
export const ON_PURPOSE = { ja: 'わざと', en: 'on purpose' }

/**
 * Prints a day as it goes: each step once.
 *
 * @param steps how many there are
 */
export function printDay(
  steps: number,
  language: Language,
  print: (line: string) => void,
): DayObserver {
  return {
    begins(number, title) {
      print('')
      print(`${number}/${steps} ${title[language]}`)
    },
    notes: (_, note) => print(`    ${lineOf(note, language)}`),
    ends({ failure }) {
      if (failure !== undefined) print(`    ✗ ${failure}`)
    },
  }
}

function lineOf(note: Note, language: Language): string {
  if (note.kind === 'does') return `· ${note.text[language]}`
  if (note.kind === 'breaks') return `! ${ON_PURPOSE[language]}: ${note.text[language]}`
  const { holds, text, seen } = note
  return `${holds ? '✓' : '✗'} ${text[language]}${seen === '' ? '' : `: ${seen}`}`
}
