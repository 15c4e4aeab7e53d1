/** The short names of scopes, without what they all begin with. */
export const SCOPE_PREFIX = 'https://www.googleapis.com/auth/'

const readEvents = [
  'calendar',
  'calendar.app.created',
  'calendar.events',
  'calendar.events.freebusy',
  'calendar.events.owned',
  'calendar.events.owned.readonly',
  'calendar.events.public.readonly',
  'calendar.events.readonly',
  'calendar.readonly',
]

const writeEvents = ['calendar', 'calendar.app.created', 'calendar.events', 'calendar.events.owned']

const readCalendarList = [
  'calendar',
  'calendar.calendarlist',
  'calendar.calendarlist.readonly',
  'calendar.readonly',
]

const readAcls = ['calendar', 'calendar.acls', 'calendar.acls.readonly']

const calendars = ['calendar', 'calendar.app.created', 'calendar.calendars']

const changeList = ['calendar', 'calendar.app.created', 'calendar.calendarlist']

/**
 * The scopes of which a token needs one, by method.
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference
 */
export const SCOPES: Readonly<Record<string, readonly string[]>> = {
  'acl.delete': ['calendar', 'calendar.acls'],
  'acl.get': ['calendar', 'calendar.acls', 'calendar.acls.readonly', 'calendar.readonly'],
  'acl.insert': ['calendar', 'calendar.acls'],
  'acl.list': readAcls,
  'acl.patch': ['calendar', 'calendar.acls'],
  'acl.update': ['calendar', 'calendar.acls'],
  'acl.watch': readAcls,
  'calendarList.delete': changeList,
  'calendarList.get': [...readCalendarList, 'calendar.app.created'],
  'calendarList.insert': ['calendar', 'calendar.calendarlist'],
  'calendarList.list': readCalendarList,
  'calendarList.patch': changeList,
  'calendarList.update': changeList,
  'calendarList.watch': readCalendarList,
  'calendars.clear': ['calendar', 'calendar.calendars'],
  'calendars.delete': calendars,
  'calendars.get': [
    'calendar',
    'calendar.app.created',
    'calendar.calendars',
    'calendar.calendars.readonly',
    'calendar.readonly',
  ],
  'calendars.insert': calendars,
  'calendars.patch': calendars,
  'calendars.update': calendars,
  'events.delete': writeEvents,
  'events.get': readEvents,
  'events.insert': writeEvents,
  'events.instances': readEvents,
  'events.list': readEvents,
  'events.move': ['calendar', 'calendar.events', 'calendar.events.owned'],
  'events.patch': writeEvents,
  'events.update': writeEvents,
  'events.watch': readEvents,
  'channels.stop': [
    ...readEvents,
    'calendar.acls',
    'calendar.acls.readonly',
    'calendar.calendarlist',
    'calendar.calendarlist.readonly',
    'calendar.settings.readonly',
  ],
  'freebusy.query': [
    'calendar',
    'calendar.events.freebusy',
    'calendar.freebusy',
    'calendar.readonly',
  ],
}
