import { createHash } from 'node:crypto'
import type { calendar_v3 } from '@googleapis/calendar'
import { calendarEvent } from './calendar-event.ts'

/** The private property of an event in which its first content is kept, as a digest. */
const PROPERTY = 'yuzuruContent'

type Native = calendar_v3.Schema$Event

/** A new event that carries what it was asked for, so that a repeat of its id or key can be compared with it. */
export function withDigest(native: Native): Native {
  const { extendedProperties } = native
  const digest = digestOf(native)
  return {
    ...native,
    extendedProperties: {
      ...extendedProperties,
      private: { ...extendedProperties?.private, [PROPERTY]: digest },
    },
  }
}

/**
 * Whether an event was created with other content than this: by its digest, so what persons have changed since
 * does not count. `undefined`: it has none.
 */
export function isOther(existing: Native, asked: Native): boolean | undefined {
  const digest = existing.extendedProperties?.private?.[PROPERTY]
  return digest === undefined ? undefined : digest !== digestOf(asked)
}

/**
 * Whether an event that was not made by us says something else than this, as it stands: in its texts, its times,
 * whether it is a series, or a guest that is missing. Google writes the rest in ways of its own.
 */
export function saysOther(existing: Native, asked: Native): boolean {
  const [there, ours] = [calendarEvent(existing), calendarEvent(asked)]
  const texts = (['summary', 'description', 'location'] as const).some(
    (name) => (there[name] ?? '') !== (ours[name] ?? ''),
  )
  const times = (['start', 'end'] as const).some(
    (name) => there[name]?.valueOf() !== ours[name]?.valueOf(),
  )
  const isSeries = [there, ours].map(({ recurrence }) => recurrence.length > 0)
  const guests = new Set(there.attendees.map(({ email }) => email.toLowerCase()))
  const isMissing = ours.attendees.some(({ email }) => !guests.has(email.toLowerCase()))
  return texts || times || isSeries[0] !== isSeries[1] || isMissing
}

/** Over what was asked for, whatever the order of its fields. */
function digestOf(native: Native): string {
  const text = JSON.stringify(native, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return createHash('sha256').update(text).digest('base64url')
}
