import { describeValue } from '@yuzuru/concurrency/boundary'

/** The longest serialised payload, in UTF-8 bytes: a job points at data, it does not carry it. */
const MAX_PAYLOAD_BYTES = 1_048_576

/** How deep objects and arrays may lie in each other: far below where parsers, PostgreSQL's too, give up. */
const MAX_DEPTH = 1_000

/**
 * Serialises a payload so that what the handler gets is what was given.
 *
 * @param what what an error calls it
 * @throws {TypeError} for anything that JSON would drop, change or choke on: a `Date`, a `Map`, `NaN`, `-0`,
 *   a `bigint`, a cycle, a symbol as a key, a property of an array, a top-level `undefined`; for what is
 *   nested deeper than {@link MAX_DEPTH}; and for more than {@link MAX_PAYLOAD_BYTES}. A property that is
 *   `undefined` is the same as none.
 */
export function serialise(payload: unknown, what = 'payload'): string {
  new Check(what).value(payload)
  const text = JSON.stringify(payload)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new TypeError(
      `Expected ${what} to take at most ${MAX_PAYLOAD_BYTES} bytes as JSON, got ${bytes}`,
    )
  }
  return text
}

/** One walk through a payload. */
class Check {
  readonly #what: string
  /** The keys that lead to where it is: what an error names. */
  readonly #path: (string | number)[] = []
  readonly #around = new Set<object>()

  constructor(what: string) {
    this.#what = what
  }

  value(value: unknown): void {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw this.#notJson(describeValue(value))
      if (Object.is(value, -0)) throw this.#notJson('-0')
      return
    }
    if (typeof value === 'bigint') throw this.#notJson('a bigint')
    if (typeof value !== 'object') throw this.#notJson(describeValue(value))
    if (this.#around.has(value)) throw this.#notJson('a cycle')
    if (this.#around.size === MAX_DEPTH) {
      throw new TypeError(
        `Expected ${this.#what} to be nested at most ${MAX_DEPTH} deep, got deeper`,
      )
    }
    this.#around.add(value)
    if (Array.isArray(value)) this.#array(value)
    else this.#object(value)
    this.#around.delete(value)
  }

  #array(array: readonly unknown[]): void {
    const keys = Reflect.ownKeys(array)
    // Its length is the one key more. JSON drops what else hangs on an array.
    if (keys.length > array.length + 1) {
      const other = keys.find((key) => key !== 'length' && !isIndex(key, array.length))
      throw this.#notJson(`an array with the property ${describeKey(other)}`)
    }
    // Not `forEach`, which skips the holes of a sparse array.
    for (let index = 0; index < array.length; index += 1) this.#part(index, array[index])
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null)
      throw this.#notJson(describeValue(value))
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') throw this.#notJson(`an object with the key ${describeKey(key)}`)
      if (!Object.prototype.propertyIsEnumerable.call(value, key)) {
        throw this.#notJson(`an object whose "${key}" is not enumerable`)
      }
      const part: unknown = Reflect.get(value, key)
      if (part !== undefined) this.#part(key, part)
    }
  }

  #part(key: string | number, part: unknown): void {
    this.#path.push(key)
    this.value(part)
    this.#path.pop()
  }

  #notJson(got: string): TypeError {
    const path = this.#path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    return new TypeError(`Expected ${this.#what}${path.join('')} to be JSON, got ${got}`)
  }
}

function describeKey(key: string | symbol | undefined): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key)
}

function isIndex(key: string | symbol, length: number): boolean {
  return typeof key === 'string' && /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < length
}
