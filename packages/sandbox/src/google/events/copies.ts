import { type JsonObject, textOf } from '../../json.ts'
import { calendarOf } from '../api/access.ts'
import { accountOf } from '../core/accounts.ts'
import type { GoogleService } from '../core/service.ts'
import { entry, type EventContent, type StoredCalendar } from '../core/state.ts'
import { isCancelled, seriesIdOf } from '../series/keep.ts'
import { computedOccurrence, isSeries } from '../series/occurrences.ts'
import { attendeesOf, isSameAddress } from './attendees.ts'
import { sameBut, sharedOf, withOwn } from './copy-content.ts'
import { mailTo, type SendUpdates } from './mails.ts'
import { isSameEvent, mainEventOf } from './main-event.ts'
import { putEvent } from './put-event.ts'

/** A change that was stored: of the organizer's event, or of a guest's copy of one. */
export interface EventChange {
  readonly service: GoogleService
  readonly calendar: StoredCalendar
  /** None of an event that is new. */
  readonly before: EventContent | undefined
  readonly after: EventContent
  readonly sendUpdates: SendUpdates
}

/**
 * Brings a change to the others who have the event. What the organizer changes reaches each guest with an account
 * here. What a guest says of coming, and who else the guest invites, reaches the organizer's event and from there
 * the others; what else a guest changes stays in that copy, unless `guestsCanModify`, until the organizer changes
 * the event. Source: https://developers.google.com/workspace/calendar/api/concepts/sharing
 */
export function spreadChange(change: EventChange): void {
  const { calendar, after } = change
  if (after.organizer === calendar.id) toGuests(change)
  else toOrganizer(change)
}

function toGuests(change: EventChange): void {
  const { service, calendar, before, after, sendUpdates } = change
  const seriesGuests = addressesOf(calendar.events[seriesIdOf(after) ?? '']?.content)
  const invited = addressesOf(after)
  const audience = new Map(
    [...addressesOf(before), ...seriesGuests, ...invited].map((each) => [each.toLowerCase(), each]),
  )
  audience.delete(after.organizer.toLowerCase())
  for (const address of audience.values()) {
    const isInvited = after.status !== 'cancelled' && has(invited, address)
    const wasInvited = before?.status !== 'cancelled' && has(addressesOf(before), address)
    if (isInvited) {
      mailTo(service, sendUpdates, address, after, wasInvited ? 'update' : 'invitation')
    } else if (wasInvited) mailTo(service, sendUpdates, address, after, 'cancellation')
    const account = accountOf(service, address)
    if (account !== undefined) copyTo(change, account, isInvited, has(seriesGuests, address))
  }
  if (
    !isSeries(after) ||
    sameBut(['updated', 'sequence'], before?.['attendees'], after['attendees'])
  )
    return
  // A guest who is new has no copies of what was changed in the series.
  for (const { content } of Object.values(calendar.events)) {
    if (seriesIdOf(content) !== after.id) continue
    toGuests({ ...change, before: undefined, after: content, sendUpdates: 'none' })
  }
}

/** One guest's copy: made, changed or cancelled. */
function copyTo(
  { service, calendar: { id: organizer }, before, after }: EventChange,
  account: string,
  isInvited: boolean,
  isOfSeries: boolean,
): void {
  const calendar = calendarOf(service, account)
  if (calendar.id === organizer) return
  const known = entry(calendar.events, after.id)
  // Another event of the guest's has the id: that one stays.
  if (known && !isSameEvent(known.content, after)) return
  const existing = known ?? computedOccurrence(calendar, after.id)
  if (!isInvited) {
    if (!existing && !isOfSeries) return
    if (existing && isCancelled(calendar, existing.content)) return
    const { updated } = after
    const gone = { ...(existing?.content ?? after), updated, status: 'cancelled' }
    putEvent(service, calendar, existing, gone)
    return
  }
  const self = attendeesOf(after['attendees']).find((each) => isSameAddress(each['email'], account))
  // Who has taken a copy away has declined, and is asked no more.
  const isTakenAway = existing?.content.status === 'cancelled'
  if (isTakenAway && self?.['responseStatus'] === 'declined') return
  const isOnlyAnswers =
    before !== undefined &&
    !isTakenAway &&
    sameBut(['attendees', 'updated'], sharedOf(before), sharedOf(after))
  const shared =
    existing && isOnlyAnswers
      ? {
          ...sharedOf(existing.content),
          attendees: after['attendees'] ?? [],
          updated: after.updated,
        }
      : sharedOf(after)
  const copy = withOwn(shared, existing?.content, after)
  if (existing && known && sameBut(['updated'], known.content, copy)) return
  putEvent(service, calendar, existing, copy)
}

/** What a guest says in a copy, where it counts. */
function toOrganizer({ service, calendar, before, after, sendUpdates }: EventChange): void {
  const found = mainEventOf(service, after)
  if (!found) return
  const { calendar: organizers, event: main } = found
  const isTakenAway = after.status === 'cancelled'
  const there = attendeesOf(main.content['attendees'])
  const given = attendeesOf(after['attendees'])
  const attendees = there.map((each) => {
    if (!isSameAddress(each['email'], calendar.id)) return each
    if (isTakenAway) return { ...each, responseStatus: 'declined' }
    const { responseStatus: _, comment: __, additionalGuests: ___, ...others } = each
    return { ...others, ...answerOf(given.find((one) => isSameAddress(one['email'], calendar.id))) }
  })
  const known = there.map(({ email }) => textOf(email))
  const mayInvite = !isTakenAway && main.content['guestsCanInviteOthers'] !== false
  const added = given.filter(({ email }) => mayInvite && !has(known, textOf(email)))
  const mayModify = !isTakenAway && main.content['guestsCanModify'] === true
  const isChanged = before && !sameBut(['attendees', 'updated'], sharedOf(before), sharedOf(after))
  const said = mayModify && isChanged ? { ...main.content, ...sharedOf(after) } : main.content
  const { organizer, status, recurrence } = main.content
  const content: EventContent = {
    ...said,
    organizer,
    status,
    ...(recurrence === undefined ? {} : { recurrence }),
    attendees: [...attendees, ...added],
    updated: after.updated,
  }
  if (sameBut(['updated'], main.content, content)) return
  const old = main.content
  putEvent(service, organizers, main, content)
  mailTo(service, sendUpdates, organizer, content, 'response')
  toGuests({ service, calendar: organizers, before: old, after: content, sendUpdates: 'none' })
}

function answerOf(guest: JsonObject = {}): JsonObject {
  const { responseStatus = 'needsAction', comment, additionalGuests } = guest
  return {
    responseStatus,
    ...(comment === undefined ? {} : { comment }),
    ...(additionalGuests === undefined ? {} : { additionalGuests }),
  }
}

function addressesOf(content: EventContent | undefined): string[] {
  return attendeesOf(content?.['attendees']).map(({ email }) => textOf(email))
}

function has(addresses: readonly string[], address: string): boolean {
  return addresses.some((each) => isSameAddress(each, address))
}
