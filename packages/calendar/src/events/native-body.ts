import type { calendar_v3 } from '@googleapis/calendar'
import { expected, expectObject } from '@yuzuru/concurrency/boundary'

type Native = calendar_v3.Schema$Event

/** Google's own fields as they are sent: JSON leaves out what is `undefined`, so that is no field of it. */
export function sentFields(native: object): Native {
  expectObject('native', native)
  try {
    return JSON.parse(JSON.stringify(native)) as Native
  } catch {
    throw expected('native to be JSON', native)
  }
}

/** Whether a body changes nothing: a patch merges objects field by field, and one without fields says nothing. */
export function saysNothing(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body === undefined
  return Object.values(body).every((value) => saysNothing(value))
}
