import { CalendarFailure } from './calendar-error.ts'
import { grantOfAccessToken } from './grants.ts'
import type { GoogleService } from './service.ts'
import { entry, type GoogleGrant, type StoredCalendar } from './state.ts'

const prefix = 'https://www.googleapis.com/auth/'
const writers = ['calendar', 'calendar.events', 'calendar.events.owned']
const readers = [...writers, 'calendar.readonly', 'calendar.events.readonly']

/**
 * The grant behind a request.
 *
 * @throws CalendarFailure 401 for a missing, unknown, expired or revoked token, 403 for a scope
 */
export function authorize(
  service: GoogleService,
  request: Request,
  access: 'read' | 'write',
): GoogleGrant {
  const [scheme, token = ''] = (request.headers.get('authorization') ?? '').split(' ', 2)
  const grant = scheme?.toLowerCase() === 'bearer' ? grantOfAccessToken(service, token) : undefined
  if (!grant) {
    throw new CalendarFailure(401, 'authError', 'Invalid Credentials', {
      location: 'Authorization',
      locationType: 'header',
    })
  }
  const sufficient = access === 'write' ? writers : readers
  if (!grant.scopes.some((scope) => sufficient.includes(scope.replace(prefix, '')))) {
    throw new CalendarFailure(
      403,
      'insufficientPermissions',
      'Request had insufficient authentication scopes.',
    )
  }
  return grant
}

/** The account's calendar: `primary`, or its email. There are no others. */
export function findCalendar(
  service: GoogleService,
  grant: GoogleGrant,
  calendarId: string,
): StoredCalendar {
  if (calendarId !== 'primary' && calendarId !== grant.email) {
    throw new CalendarFailure(404, 'notFound', 'Not Found')
  }
  return calendarOf(service, grant.email)
}

/** The primary calendar of an account, made when first looked at. */
export function calendarOf({ state, timeZone }: GoogleService, email: string): StoredCalendar {
  const existing = entry(state.calendars, email)
  if (existing) return existing
  const calendar: StoredCalendar = { email, timeZone, revision: 0, generation: 1, events: {} }
  state.calendars[email] = calendar
  return calendar
}
