import { CalendarFailure } from './failure.ts'

/** @throws CalendarFailure 412 where a request's `If-Match` is for another version */
export function expectMatch(request: Request, etag: string): void {
  const expected = request.headers.get('if-match')
  if (expected === null || expected === '*' || expected === etag) return
  throw new CalendarFailure(412, 'conditionNotMet', 'Precondition Failed', {
    location: 'If-Match',
    locationType: 'header',
  })
}
