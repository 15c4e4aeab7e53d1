import type { Text } from '../web/language.ts'
import type { Note, StepResult } from './report.ts'

/** Hears how a day goes, as it goes. */
export interface DayObserver {
  /** @param number from 1 */
  begins(number: number, title: Text): void
  notes(number: number, note: Note): void
  ends(result: StepResult): void
}

/** One that tells several. */
export function observers(...all: readonly DayObserver[]): DayObserver {
  return {
    begins(number, title) {
      for (const each of all) each.begins(number, title)
    },
    notes(number, note) {
      for (const each of all) each.notes(number, note)
    },
    ends(result) {
      for (const each of all) each.ends(result)
    },
  }
}
