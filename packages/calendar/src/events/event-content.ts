import { createHash } from 'node:crypto'
import type { calendar_v3 } from '@googleapis/calendar'

/** The private property of an event in which its first content is kept, as a digest. */
const PROPERTY = 'yuzuruContent'

type Native = calendar_v3.Schema$Event

/** A new event that carries what it was asked for, so that a repeat of its key can be compared with it. */
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
 * Whether an event was created with other content than this. What persons have changed since does not count.
 * An event without a digest was not made by a key: of it nothing is known, and it counts as the same.
 */
export function isOther(existing: Native, asked: Native): boolean {
  const digest = existing.extendedProperties?.private?.[PROPERTY]
  return digest !== undefined && digest !== digestOf(asked)
}

/** Over what was asked for, whatever the order of its fields. */
function digestOf(native: Native): string {
  const text = JSON.stringify(native, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return createHash('sha256').update(text).digest('base64url')
}
