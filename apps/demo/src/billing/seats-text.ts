import type { Language } from '../web/language.ts'
import { STAFF_A_SEAT } from './seats.ts'

/** For how many people so many units are. */
export function seatsText(seats: number, language: Language): string {
  const people = seats * STAFF_A_SEAT
  return { ja: `職員${people}名まで`, en: `up to ${people} staff` }[language]
}
