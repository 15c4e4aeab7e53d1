import { describeValue } from '@yuzuru/concurrency/boundary'

/** The longest serialised payload, in UTF-8 bytes: a job points at data, it does not carry it. */
const MAX_PAYLOAD_BYTES = 1_048_576

/**
 * Serialises a payload so that what the handler gets is what was given.
 *
 * @throws {TypeError} for anything that JSON would drop, change or choke on (a `Date`, a `Map`, `NaN`,
 *   a `bigint`, a cycle, a top-level `undefined`) and for more than {@link MAX_PAYLOAD_BYTES}.
 *   A property that is `undefined` is the same as none.
 */
export function serialise(payload: unknown): string {
  expectJson('payload', payload, new Set())
  const text = JSON.stringify(payload)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new TypeError(
      `Expected payload to take at most ${MAX_PAYLOAD_BYTES} bytes as JSON, got ${bytes}`,
    )
  }
  return text
}

function expectJson(path: string, value: unknown, around: Set<object>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value === 'bigint') throw notJson(path, 'a bigint')
  if (typeof value !== 'object') throw notJson(path, describeValue(value))
  if (around.has(value)) throw notJson(path, 'a cycle')
  around.add(value)
  if (Array.isArray(value)) {
    // Not `forEach`, which skips the holes of a sparse array.
    for (let index = 0; index < value.length; index += 1) {
      expectJson(`${path}[${index}]`, value[index], around)
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null)
      throw notJson(path, describeValue(value))
    for (const [key, part] of Object.entries(value)) {
      if (part !== undefined) expectJson(`${path}.${key}`, part, around)
    }
  }
  around.delete(value)
}

function notJson(path: string, got: string): TypeError {
  return new TypeError(`Expected ${path} to be JSON, got ${got}`)
}
