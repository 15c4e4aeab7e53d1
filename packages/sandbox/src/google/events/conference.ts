import { createHash } from 'node:crypto'

import { isJsonObject, type Json, type JsonObject, textOf } from '../../json.ts'
import { CalendarFailure } from '../api/failure.ts'

const MEET = 'hangoutsMeet'

/**
 * Conference data as it is kept. A `createRequest` makes a Meet at once; the same `requestId` at the same
 * event makes no second one. Anything else must be a conference that the event has, or a copy of one.
 *
 * @throws CalendarFailure 400
 */
export function readConference(
  given: JsonObject,
  before: Json | undefined,
  eventId: string,
): JsonObject {
  const { createRequest } = given
  if (!isJsonObject(createRequest)) {
    const isCopy = typeof given['conferenceId'] === 'string' && Array.isArray(given['entryPoints'])
    if (!isCopy || !isJsonObject(given['conferenceSolution'])) throw malformed()
    return given
  }
  const requestId = textOf(createRequest['requestId'])
  const key = createRequest['conferenceSolutionKey']
  const type = isJsonObject(key) ? textOf(key['type']) : MEET
  if (requestId === '') throw malformed()
  if (type !== MEET) {
    throw new CalendarFailure(400, 'invalid', 'Invalid conference type value.')
  }
  const old = isJsonObject(before) && isJsonObject(before['createRequest']) ? before : undefined
  const same =
    isJsonObject(old?.['createRequest']) && old['createRequest']['requestId'] === requestId
  if (same && old) return old
  return meet(requestId, eventId)
}

/** The link of a Meet, which Google shows beside the conference data. */
export function hangoutLinkOf(conference: Json | undefined): string | undefined {
  if (!isJsonObject(conference) || !Array.isArray(conference['entryPoints'])) return undefined
  const video = conference['entryPoints'].find(
    (entry) => isJsonObject(entry) && entry['entryPointType'] === 'video',
  )
  return isJsonObject(video) ? textOf(video['uri']) : undefined
}

function meet(requestId: string, eventId: string): JsonObject {
  const hash = createHash('sha256').update(`${eventId} ${requestId}`).digest()
  const letters = Array.from(hash.subarray(0, 10), (byte) => String.fromCharCode(97 + (byte % 26)))
  const code = [letters.slice(0, 3), letters.slice(3, 7), letters.slice(7)]
  const conferenceId = code.map((part) => part.join('')).join('-')
  const key = { type: MEET }
  const address = `meet.google.com/${conferenceId}`
  return {
    createRequest: { requestId, conferenceSolutionKey: key, status: { statusCode: 'success' } },
    entryPoints: [{ entryPointType: 'video', uri: `https://${address}`, label: address }],
    conferenceSolution: {
      key,
      name: 'Google Meet',
      iconUri:
        'https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png',
    },
    conferenceId,
  }
}

function malformed(): CalendarFailure {
  return new CalendarFailure(400, 'malformedConferenceData', 'Malformed conference data.')
}
