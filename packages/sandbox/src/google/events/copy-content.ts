import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { EventContent } from '../core/state.ts'

/** What all copies have in common. */
export function sharedOf(content: EventContent): EventContent {
  const { colorId: _, reminders: __, transparency: ___, visibility: ____, ...shared } = content
  const { extendedProperties, ...others } = shared
  const properties = isJsonObject(extendedProperties) ? extendedProperties['shared'] : undefined
  return {
    ...others,
    ...(properties === undefined ? {} : { extendedProperties: { shared: properties } }),
  }
}

/** A copy with what belongs to it alone: its colour, its reminders, whether it takes time, private properties. */
export function withOwn(
  shared: EventContent,
  existing: EventContent | undefined,
  { transparency, visibility }: EventContent,
): EventContent {
  const { extendedProperties: both } = shared
  const ownProperties = existing?.['extendedProperties']
  const properties = {
    ...(isJsonObject(both) ? both : {}),
    ...(isJsonObject(ownProperties) && ownProperties['private'] !== undefined
      ? { private: ownProperties['private'] }
      : {}),
  }
  const { extendedProperties: _, ...rest } = shared
  const first = { transparency, visibility }
  const own = existing ?? first
  const names = ['colorId', 'transparency', 'visibility'] as const
  const kept = names.map((name) => [name, (own as JsonObject)[name]] as const)
  return {
    ...rest,
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    reminders: existing?.['reminders'] ?? { useDefault: true },
    ...(Object.keys(properties).length > 0 ? { extendedProperties: properties } : {}),
  }
}

/** Whether two values say the same, whatever the order of their fields, but for some of them. */
export function sameBut(
  without: readonly string[],
  a: Json | undefined,
  b: Json | undefined,
): boolean {
  const text = (value: Json | undefined): string =>
    JSON.stringify(value ?? null, (_name, each: Json) => {
      if (!isJsonObject(each)) return each
      const entries = Object.entries(each).filter(([name]) => !without.includes(name))
      return Object.fromEntries(entries.sort(([one], [two]) => (one < two ? -1 : 1)))
    })
  return text(a) === text(b)
}
