import { type Role, ROLES } from '../core/role.ts'
import type { StoredCalendar } from '../core/state.ts'

/** The most that the rules of a calendar allow an account. Groups have no members here. */
export function roleOf({ owner, acl }: StoredCalendar, email: string): Role {
  if (owner === email) return 'owner'
  const address = email.toLowerCase()
  const domain = address.slice(address.indexOf('@') + 1)
  const ids = new Set([`user:${address}`, `domain:${domain}`, 'default'])
  const roles = Object.entries(acl.rules).filter(([id]) => ids.has(id.toLowerCase()))
  return ROLES.findLast((role) => roles.some(([, rule]) => rule.role === role)) ?? 'none'
}

/**
 * The least role of each method that takes more than to know of a calendar.
 * Source: https://developers.google.com/workspace/calendar/api/concepts/sharing
 */
export const LEAST_ROLES: Readonly<Record<string, Role>> = {
  'acl.delete': 'owner',
  'acl.get': 'writer',
  'acl.insert': 'owner',
  'acl.list': 'writer',
  'acl.patch': 'owner',
  'acl.update': 'owner',
  'acl.watch': 'writer',
  'calendars.clear': 'owner',
  'calendars.delete': 'owner',
  'calendars.patch': 'owner',
  'calendars.update': 'owner',
  'events.delete': 'writerWithoutPrivateAccess',
  'events.insert': 'writerWithoutPrivateAccess',
  'events.move': 'writerWithoutPrivateAccess',
  'events.patch': 'writerWithoutPrivateAccess',
  'events.update': 'writerWithoutPrivateAccess',
}
