import { randomBytes } from 'node:crypto'

import type { JsonObject } from '../../json.ts'
import type { Role } from './role.ts'

/** One account's consent to one client: what its tokens may do, until it is revoked. */
export type GoogleGrant = {
  id: string
  email: string
  scopes: string[]
  revoked: boolean
  /** The one refresh token that works now, or null when none was asked for. */
  refreshToken: string | null
  /** How often it was used. */
  refreshes: number
  /** When the refresh token was made or used last, in milliseconds since 1970. */
  usedAt: number
}

export type AuthorizationCode = {
  email: string
  scopes: string[]
  redirectUri: string
  /** What the code's exchange must prove, or null when the request carried no challenge. */
  challenge: { method: 'S256' | 'plain'; value: string } | null
  offline: boolean
  consent: boolean
  /** `include_granted_scopes`: what the account allowed before counts too. */
  incremental: boolean
  /** What the id token repeats, or null. */
  nonce: string | null
  expiresAt: number
  /** The grant that it was exchanged for: a second use revokes it. */
  grant: string | null
}

type AccessToken = { grant: string; expiresAt: number }

/** A whole day, or a moment (in UTC) with the zone that it is meant in. */
export type StoredTime = { date: string } | { dateTime: string; timeZone: string }

/** What an event says, as it is kept; `render` makes Google's resource of it. */
export type EventContent = JsonObject & {
  id: string
  status: string
  /** RFC 3339, to the second. */
  created: string
  updated: string
  sequence: number
  iCalUID: string
  /** Addresses. */
  creator: string
  organizer: string
  start: StoredTime
  end: StoredTime
  /** Of an occurrence: its series, and when it begins by the rule. */
  recurringEventId?: string
  originalStartTime?: StoredTime
}

export type StoredEvent = {
  /** Position in the default order: set once. */
  order: number
  /** The calendar's revision at its last change: what sync tokens count. */
  revision: number
  content: EventContent
}

export type StoredCalendar = {
  /** Of a primary calendar the account's address. */
  id: string
  /** The account that it belongs to. */
  owner: string
  /** Made by the client, and by no person: what `calendar.app.created` reaches. */
  byClient: boolean
  summary: string
  description?: string
  location?: string
  timeZone: string
  revision: number
  /** Sync tokens of another generation are no longer valid. */
  generation: number
  events: Record<string, StoredEvent>
  acl: StoredAcl
  /** By series: the occurrences that its rule once had, and since when it has them no more. */
  retired: Record<string, Record<string, { revision: number; originalStartTime: StoredTime }>>
}

/** With whom a calendar is shared, beside its owner: by `user:…`, `domain:…`, or `default` for everybody. */
type StoredAcl = {
  revision: number
  generation: number
  rules: Record<string, StoredRule>
}

export type StoredRule = {
  order: number
  /** The list's revision at its last change. */
  revision: number
  /** `none`: it was deleted. */
  role: Role
}

/** A calendar in an account's list. */
export type ListEntry = {
  order: number
  /** The list's revision at its last change. */
  revision: number
  deleted: boolean
  /** What the account has set for itself: colours, reminders, another title … */
  own: JsonObject
}

/** The calendars that an account has in view. */
export type StoredList = {
  /** The account's address. */
  id: string
  revision: number
  generation: number
  entries: Record<string, ListEntry>
}

/** A mail that Google would have sent. */
export type SentMail = {
  to: string
  about: 'invitation' | 'update' | 'cancellation' | 'response'
  eventId: string
}

/** What a channel is about: the events of a calendar, its rules, or an account's list of calendars. */
export type WatchedResource = 'events' | 'acl' | 'calendarList'

/** A channel over which a client is told of changes. */
export type StoredChannel = {
  id: string
  address: string
  token: string
  email: string
  resource: WatchedResource
  /** Of a list of calendars the account's address. */
  calendarId: string
  resourceId: string
  expiresAt: number
  /** The revision that it was told of last. */
  seen: number
  /** How many notifications were sent. */
  number: number
  stopped: boolean
}

export type GoogleState = {
  grants: Record<string, GoogleGrant>
  codes: Record<string, AuthorizationCode>
  accessTokens: Record<string, AccessToken>
  /** By id; a primary calendar's is its account's address. */
  calendars: Record<string, StoredCalendar>
  /** By account. */
  lists: Record<string, StoredList>
  /** By id; those that were stopped too, whose ids stay taken. */
  channels: Record<string, StoredChannel>
  /** In the order of their sending. */
  mails: SentMail[]
  /** Signs id tokens: PKCS #8 in PEM, made when first needed. */
  idTokenKey: string | null
  /** Signs page and sync tokens, so that an altered one is noticed. */
  tokenKey: string
}

export function emptyGoogleState(): GoogleState {
  return {
    grants: {},
    codes: {},
    accessTokens: {},
    calendars: {},
    lists: {},
    channels: {},
    mails: [],
    idTokenKey: null,
    tokenKey: randomBytes(32).toString('base64url'),
  }
}

/** A record's own entry; an id such as `__proto__` finds nothing. */
export function entry<T>(records: Record<string, T>, id: string): T | undefined {
  return Object.hasOwn(records, id) ? records[id] : undefined
}

/** An account's own calendar, which it can't be without. */
export function isPrimary({ id, owner }: StoredCalendar): boolean {
  return id === owner
}
