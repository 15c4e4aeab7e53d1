import { isJsonObject, type Json } from '../../json.ts'
import type { GoogleService } from '../core/service.ts'
import type { EventContent, StoredCalendar, StoredEvent } from '../core/state.ts'
import { isCancelled } from '../series/keep.ts'
import { momentOf } from '../times/event-time.ts'
import type { ListQuery } from './list-query.ts'
import { searchedTexts } from './render.ts'
import { singleEvents } from './single-events.ts'

/** Whether an event is what a list asks for; whether deleted ones are shown is another matter. */
export function isMatching(
  service: GoogleService,
  calendar: StoredCalendar,
  query: ListQuery,
  event: StoredEvent,
): boolean {
  const { content } = event
  if (query.iCalUID !== undefined && content.iCalUID !== query.iCalUID) return false
  if (query.updatedMin !== undefined && Date.parse(content.updated) < query.updatedMin) return false
  if (!isFound(content, query.q)) return false
  const { private: own, shared } = propertiesOf(content)
  if (!query.privateProperties.every((each) => holds(own, each))) return false
  if (!query.sharedProperties.every((each) => holds(shared, each))) return false
  return isWithin(service, calendar, query, event)
}

/** A series lies in a range where one of its occurrences does. */
function isWithin(
  service: GoogleService,
  calendar: StoredCalendar,
  query: ListQuery,
  event: StoredEvent,
): boolean {
  const { timeMin = Number.NEGATIVE_INFINITY, timeMax = Number.POSITIVE_INFINITY } = query
  if (query.timeMin === undefined && query.timeMax === undefined) return true
  return singleEvents(service, calendar, event, query.timeMax).some((each) => {
    const { content } = each
    if (each !== event && isCancelled(calendar, content)) return false
    const start = momentOf(content.start, calendar.timeZone)
    const end = momentOf(content.end, calendar.timeZone)
    return end > timeMin && start < timeMax
  })
}

/** Each word of a search is in one of the texts. */
function isFound(content: EventContent, search = ''): boolean {
  const texts = searchedTexts(content).map((each) => each.toLowerCase())
  const words = search.toLowerCase().split(/\s+/)
  return words.every((word) => word === '' || texts.some((text) => text.includes(word)))
}

function propertiesOf({ extendedProperties }: EventContent): Partial<Record<string, Json>> {
  return isJsonObject(extendedProperties) ? extendedProperties : {}
}

function holds(properties: Json | undefined, [name, value]: readonly [string, string]): boolean {
  return isJsonObject(properties) && properties[name] === value
}
