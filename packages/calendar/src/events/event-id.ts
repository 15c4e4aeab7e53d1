import { expectText } from '@yuzuru/concurrency/boundary'
import { createHash, randomBytes } from 'node:crypto'
import { describeValue } from '@yuzuru/concurrency'

/**
 * What an event's id may be: base32hex (RFC 4648, 7) in lower case, 5 to 1,024 characters.
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
 */
const EVENT_ID = /^[a-v0-9]{5,1024}$/

/** Which event is meant: by its own id, by a key that stands for one, or a new one. */
export interface EventIdentity {
  readonly id?: string | undefined
  readonly idempotencyKey?: string | undefined
}

/**
 * The id of an event that is to be created; the same for the same account, calendar and key.
 *
 * @param generation how many events of the key were there before, and were deleted
 */
export function newEventId(
  reference: string,
  calendarId: string,
  { id, idempotencyKey }: EventIdentity,
  generation: number = 0,
): string {
  if (id !== undefined && idempotencyKey !== undefined) {
    throw new TypeError('Expected either id or idempotencyKey, got both')
  }
  if (id !== undefined) {
    if (typeof id === 'string' && EVENT_ID.test(id)) return id
    const got = typeof id === 'string' ? 'other characters' : describeValue(id)
    throw new TypeError(`Expected id to be 5 to 1024 characters of a to v and 0 to 9, got ${got}`)
  }
  if (idempotencyKey === undefined) return base32hex(randomBytes(20))
  expectText('idempotencyKey', idempotencyKey, 1_000)
  // The account belongs to it: an invitation carries its event's id into the guests' calendars.
  const named = ['yuzuru.event.1', reference, calendarId, idempotencyKey]
  const text = JSON.stringify(generation === 0 ? named : [...named, generation])
  return base32hex(createHash('sha256').update(text).digest())
}

/** RFC 4648, 7, in lower case and without padding: 8 characters for 5 bytes. */
function base32hex(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{1,5}/g) ?? []
  return digits.map((digit) => Number.parseInt(digit.padEnd(5, '0'), 2).toString(32)).join('')
}
