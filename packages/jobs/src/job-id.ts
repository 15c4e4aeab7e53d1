import { describe } from './json.ts'

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Refuses what is no id of a job. */
export function expectId(id: string): void {
  if (typeof id !== 'string' || !UUID.test(id)) {
    throw new TypeError(`Expected id to be a UUID, got ${describe(id)}`)
  }
}
