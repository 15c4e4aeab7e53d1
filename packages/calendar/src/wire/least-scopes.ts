/** What every scope of Google's begins with. */
const PREFIX = 'https://www.googleapis.com/auth/'

/** The least scope in a calendar of the account's own, and in those of others where that is another one. */
interface LeastScope {
  readonly own: string
  readonly others?: string
}

const WRITE: LeastScope = { own: 'calendar.events.owned', others: 'calendar.events' }
const READ: LeastScope = {
  own: 'calendar.events.owned.readonly',
  others: 'calendar.events.readonly',
}

/**
 * By operation; the native client's calls are Google's, and each has its own.
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference
 */
const LEAST: ReadonlyMap<string, LeastScope> = new Map([
  ['events.create', WRITE],
  ['events.update', WRITE],
  ['events.move', WRITE],
  ['events.delete', WRITE],
  ['events.respond', WRITE],
  ['events.get', READ],
  ['events.list', READ],
  ['events.instances', READ],
  ['sync', READ],
  ['watch', READ],
  ['unwatch', READ],
  ['freeBusy', { own: 'calendar.events.freebusy', others: 'calendar.freebusy' }],
  ['calendars.list', { own: 'calendar.calendarlist.readonly' }],
  ['calendars.create', { own: 'calendar.app.created' }],
])

/** What to do about a scope that is missing: names the one that suffices, where it is known. */
export function scopeAdvice(operation: string): string {
  const least = LEAST.get(operation)
  if (least === undefined) return 'ask for one more scope with authorizeUrl'
  const others = least.others === undefined ? '' : ` (${least.others} for calendars of others)`
  return `it needs the scope ${PREFIX}${least.own}${others}: ask for it with authorizeUrl`
}
