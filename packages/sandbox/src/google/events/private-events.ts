import { isAtLeast, type Role } from '../core/role.ts'
import type { EventContent, StoredEvent } from '../core/state.ts'

/** Whether an account of this role sees no more of an event than that its time is taken. */
export function isHiddenFrom(role: Role, content: EventContent): boolean {
  if (role === 'freeBusyReader') return true
  const { visibility } = content
  const isPrivate = visibility === 'private' || visibility === 'confidential'
  return isPrivate && !isAtLeast(role, 'writer')
}

/** An event as an account of this role may see it. */
export function asSeenBy(role: Role, event: StoredEvent): StoredEvent {
  const { content } = event
  if (!isHiddenFrom(role, content)) return event
  const { id, status, created, updated, sequence, iCalUID, creator, organizer, start, end } =
    content
  const { recurrence, recurringEventId, originalStartTime, transparency } = content
  return {
    ...event,
    content: {
      id,
      status,
      created,
      updated,
      sequence,
      iCalUID,
      creator,
      organizer,
      start,
      end,
      ...(recurrence === undefined ? {} : { recurrence }),
      ...(recurringEventId === undefined ? {} : { recurringEventId }),
      ...(originalStartTime === undefined ? {} : { originalStartTime }),
      ...(transparency === undefined ? {} : { transparency }),
      visibility: 'private',
      reminders: { useDefault: true },
    },
  }
}
