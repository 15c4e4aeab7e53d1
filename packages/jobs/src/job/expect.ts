import { expected } from '@yuzuru/concurrency/boundary'

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Throws unless `id` can be the id of a job. */
export function expectId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || !UUID.test(id)) throw expected('id to be a UUID', id)
}

/** Throws unless `value` can be the name of a job or a queue. PostgreSQL stores no NUL. */
export function expectName(option: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.length > 200 || value.includes('\0')) {
    throw expected(`${option} to be 1 to 200 characters`, value)
  }
}

/** Throws unless `value` is a 32-bit integer. */
export function expectPriority(value: unknown): asserts value is number {
  if (!Number.isInteger(value) || Math.abs(Number(value)) > 2 ** 31 - 1) {
    throw expected('priority to be a 32-bit integer', value)
  }
}

/** Throws unless `event` can be the name of an event. */
export function expectEvent(event: unknown): asserts event is string {
  expectName('event', event)
}

/** Throws unless `key` can say to what an event has happened. */
export function expectEventKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || key === '' || key.length > 500 || key.includes('\0')) {
    throw expected('key to be 1 to 500 characters', key)
  }
}
