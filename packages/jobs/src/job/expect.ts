import { expected } from '@yuzuru/concurrency/boundary'
import type { KeyConflict } from './job.ts'

/** What the id of a job looks like. */
export const ID: RegExp = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Throws unless `id` can be the id of a job. */
export function expectId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || !ID.test(id)) throw expected('id to be a UUID', id)
}

/**
 * Throws unless `value` is a text of 1 to `most` characters that the database keeps as it is: PostgreSQL stores no NUL,
 * and half a surrogate pair, as of an emoji that was cut in two, would be another character there, the same for all halves.
 */
export function expectText(option: string, value: unknown, most: number): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.length > most || value.includes('\0')) {
    throw expected(`${option} to be 1 to ${most} characters`, value)
  }
  if (!value.isWellFormed()) throw expected(`${option} to be well-formed text`, value)
}

/** Throws unless `value` can be the name of a job or a queue. */
export function expectName(option: string, value: unknown): asserts value is string {
  expectText(option, value, 200)
}

/** Throws unless `value` is a 32-bit integer. */
export function expectPriority(value: unknown): asserts value is number {
  if (!Number.isInteger(value) || Number(value) !== (Number(value) | 0)) {
    throw expected('priority to be a 32-bit integer', value)
  }
}

/** Throws unless `event` can be the name of an event. */
export function expectEvent(event: unknown): asserts event is string {
  expectName('event', event)
}

/** Throws unless `key` can say to what an event has happened. */
export function expectEventKey(key: unknown): asserts key is string {
  expectText('key', key, 500)
}

const CONFLICTS: readonly unknown[] = [
  'skip',
  'replace',
  'debounce',
  'again',
] satisfies KeyConflict[]

/** Throws unless `value` says what to do where a key is another job's. */
export function expectKeyConflict(value: unknown): asserts value is KeyConflict {
  if (!CONFLICTS.includes(value)) {
    throw expected("onConflict to be 'skip', 'replace', 'debounce' or 'again'", value)
  }
}

/** The most tags of a job. */
const MOST_TAGS = 20

/** Throws unless `value` can be the tags of a job. */
export function expectTags(value: unknown, least = 0): asserts value is readonly string[] {
  if (!Array.isArray(value) || value.length < least || value.length > MOST_TAGS) {
    throw expected(`tags to be an array of ${least} to ${MOST_TAGS}`, value)
  }
  for (const tag of value as unknown[]) expectName('each of tags', tag)
}
