import { isJsonObject, type Json, type JsonObject, textOf } from '../../json.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'

/**
 * Checks what of an event has rules of its own, and brings it into the form that is kept.
 *
 * @throws CalendarFailure 400
 */
export function readDetails(given: JsonObject): JsonObject {
  const { reminders, extendedProperties, source, colorId } = given
  if (typeof colorId === 'string' && !/^(?:[1-9]|1[01])$/.test(colorId)) {
    throw invalid('Invalid color id.')
  }
  if (isJsonObject(source) && !/^https?:\/\//.test(textOf(source['url']))) {
    throw invalid('Invalid source url.')
  }
  return {
    ...given,
    reminders: readReminders(reminders),
    ...(isJsonObject(extendedProperties)
      ? { extendedProperties: readProperties(extendedProperties) }
      : {}),
  }
}

/** Google shows no field whose value is the default. */
export function withoutDefaults(content: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(content).filter(([name, value]) => {
      if (Array.isArray(value)) return value.length > 0
      return !(name in defaults && defaults[name] === value)
    }),
  )
}

const defaults: Readonly<Record<string, Json>> = {
  anyoneCanAddSelf: false,
  attendeesOmitted: false,
  guestsCanInviteOthers: true,
  guestsCanModify: false,
  guestsCanSeeOtherGuests: true,
  transparency: 'opaque',
  visibility: 'default',
}

function readReminders(given: Json | undefined): JsonObject {
  if (!isJsonObject(given)) return { useDefault: true }
  const useDefault = given['useDefault'] === true
  const overrides = Array.isArray(given['overrides']) ? given['overrides'] : []
  if (useDefault && overrides.length > 0) {
    throw new CalendarFailure(
      400,
      'cannotUseDefaultRemindersAndSpecifyOverride',
      'Cannot specify both default reminders and overrides at the same time.',
    )
  }
  if (overrides.length > 5) throw invalid('Too many reminder overrides.')
  for (const override of overrides) {
    const { method, minutes } = isJsonObject(override) ? override : {}
    // Up to four weeks.
    const holds = typeof minutes === 'number' && minutes >= 0 && minutes <= 40_320
    if (method === undefined || !holds) throw invalid('Invalid reminder override.')
  }
  return overrides.length > 0 ? { useDefault, overrides } : { useDefault }
}

/**
 * Longer keys are dropped and longer values cut without a word.
 * Source: https://developers.google.com/workspace/calendar/api/guides/extended-properties
 */
function readProperties(given: JsonObject): JsonObject {
  const kinds = Object.entries(given).map(([kind, properties]) => {
    const kept = Object.entries(isJsonObject(properties) ? properties : {})
      .filter(([key]) => key.length <= 44)
      .map(([key, value]) => [key, textOf(value).slice(0, 1024)] as const)
    return [kind, Object.fromEntries(kept)] as const
  })
  return Object.fromEntries(kinds.filter(([, properties]) => Object.keys(properties).length > 0))
}
