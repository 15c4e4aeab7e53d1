import { type DeclaredFields, declaredFields } from './declared.ts'

/** The schema of each kind of resource. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'api#channel': 'Channel',
  'calendar#acl': 'Acl',
  'calendar#aclRule': 'AclRule',
  'calendar#calendar': 'Calendar',
  'calendar#calendarList': 'CalendarList',
  'calendar#calendarListEntry': 'CalendarListEntry',
  'calendar#event': 'Event',
  'calendar#events': 'Events',
  'calendar#freeBusy': 'FreeBusyResponse',
}

/** What every resource of a kind has, unless it was deleted. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  'calendar#acl': ['etag', 'items'],
  'calendar#aclRule': ['etag', 'id', 'role', 'scope'],
  'calendar#event': [
    'created',
    'creator',
    'end',
    'etag',
    'eventType',
    'htmlLink',
    'iCalUID',
    'id',
    'organizer',
    'reminders',
    'sequence',
    'start',
    'status',
    'updated',
  ],
  'calendar#events': [
    'accessRole',
    'defaultReminders',
    'etag',
    'items',
    'summary',
    'timeZone',
    'updated',
  ],
  'calendar#calendarListEntry': [
    'accessRole',
    'defaultReminders',
    'etag',
    'id',
    'summary',
    'timeZone',
  ],
  'calendar#calendar': ['etag', 'id', 'summary', 'timeZone'],
  'calendar#calendarList': ['etag', 'items'],
  'calendar#freeBusy': ['calendars', 'timeMin', 'timeMax'],
}

/** What is wrong with a resource: a field that Google does not have, one of another type, one that is missing. */
export function problemsOf(value: unknown): string[] {
  if (!isRecord(value)) return ['no object']
  const kind = String(value['kind'])
  const schema = SCHEMAS[kind]
  if (schema === undefined) return [`${kind}: not known to the check`]
  const isDeleted = value['status'] === 'cancelled' || value['deleted'] === true
  const missing = (ALWAYS[kind] ?? []).filter((name) => !isDeleted && !(name in value))
  return [
    ...missing.map((name) => `${schema}.${name}: is missing`),
    ...fieldProblems(value, declaredFields(schema), schema),
  ]
}

function fieldProblems(
  value: Readonly<Record<string, unknown>>,
  declared: DeclaredFields,
  path: string,
): string[] {
  return Object.entries(value).flatMap(([name, each]) => {
    const type = Object.hasOwn(declared, name) ? declared[name] : declared['*']
    const at = `${path}.${name}`
    return type === undefined ? [`${at}: Google has no such field`] : typeProblems(each, type, at)
  })
}

function typeProblems(value: unknown, type: string | DeclaredFields, path: string): string[] {
  const no = [`${path}: ${JSON.stringify(value)} is not ${JSON.stringify(type)}`]
  if (typeof type !== 'string') return isRecord(value) ? fieldProblems(value, type, path) : no
  const plain = type.replace(/ \| null$/, '')
  const list = /^(.*)\[\]$/.exec(plain)
  if (list) {
    if (!Array.isArray(value)) return no
    return value.flatMap((each, at) => typeProblems(each, list[1] ?? '', `${path}[${at}]`))
  }
  const schema = /^Schema\$(\w+)$/.exec(plain)?.[1]
  if (schema === undefined) return typeof value === plain ? [] : no
  if (!isRecord(value)) return no
  return 'kind' in value ? problemsOf(value) : fieldProblems(value, declaredFields(schema), path)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
