import type { JsonObject } from '../json.ts'

const statuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  501: 'UNIMPLEMENTED',
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
    const ours = ['fullSyncRequired', 'timeRangeEmpty', 'updatedMinTooLongAgo']
    const body: JsonObject = {
      error: {
        code,
        message,
        errors: [
          { message, domain: ours.includes(reason) ? 'calendar' : 'global', reason, ...this.place },
        ],
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
