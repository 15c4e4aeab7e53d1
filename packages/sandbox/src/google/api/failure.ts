import type { JsonObject } from '../../json.ts'

const statuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
}

/** The reasons whose domain is not `global`. */
const domains: Readonly<Record<string, string>> = {
  calendarUsageLimitsExceeded: 'usageLimits',
  quotaExceeded: 'usageLimits',
  rateLimitExceeded: 'usageLimits',
  userRateLimitExceeded: 'usageLimits',
  forbiddenForNonOrganizer: 'calendar',
  requiredAccessLevel: 'calendar',
  cannotUseDefaultRemindersAndSpecifyOverride: 'calendar',
  fullSyncRequired: 'calendar',
  malformedConferenceData: 'calendar',
  timeRangeEmpty: 'calendar',
  updatedMinTooLongAgo: 'calendar',
}

export interface FailurePlace {
  readonly location: string
  readonly locationType: 'parameter' | 'header'
}

/**
 * What calendar handlers throw, in the shape of Google's APIs.
 * Source: https://developers.google.com/workspace/calendar/api/guides/errors
 */
export class CalendarFailure extends Error {
  override readonly name = 'CalendarFailure'
  readonly code: number
  readonly reason: string
  readonly place: FailurePlace | undefined

  constructor(code: number, reason: string, message: string, place?: FailurePlace) {
    super(message)
    this.code = code
    this.reason = reason
    this.place = place
  }

  toResponse(): Response {
    const { code, message, reason } = this
    const status = statuses[code]
    const domain = domains[reason] ?? 'global'
    const body: JsonObject = {
      error: {
        code,
        message,
        errors: [{ message, domain, reason, ...this.place }],
        ...(status === undefined ? {} : { status }),
      },
    }
    return Response.json(body, { status: code })
  }
}

/** 400 for a query parameter. */
export function badParameter(
  name: string,
  message = 'Bad Request',
  reason = 'badRequest',
): CalendarFailure {
  return new CalendarFailure(400, reason, message, { location: name, locationType: 'parameter' })
}

/** 400 for what a body says. */
export function invalid(message: string): CalendarFailure {
  return new CalendarFailure(400, 'invalid', message)
}

/** 403: only the organizer of an event may. */
export function forbiddenForNonOrganizer(): CalendarFailure {
  return new CalendarFailure(
    403,
    'forbiddenForNonOrganizer',
    'Shared properties can only be changed by the event organizer.',
  )
}

/** 501: Google has it, and the sandbox does not. */
export function notHere(what: string): CalendarFailure {
  return new CalendarFailure(501, 'notImplemented', `The sandbox does not have ${what}.`)
}
