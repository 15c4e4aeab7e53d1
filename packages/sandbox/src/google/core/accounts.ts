import type { GoogleService } from './service.ts'
import { isPrimary } from './state.ts'

/** The account of an address, whatever its case; none for a person who has no account here. */
export function accountOf({ state }: GoogleService, address: string): string | undefined {
  const wanted = address.toLowerCase()
  const calendars = Object.values(state.calendars).filter((each) => isPrimary(each))
  const known = [
    ...calendars.map(({ id }) => id),
    ...Object.values(state.grants).map(({ email }) => email),
  ]
  return known.find((each) => each.toLowerCase() === wanted)
}
