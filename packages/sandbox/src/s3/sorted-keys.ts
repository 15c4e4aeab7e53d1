/**
 * Compares as S3 does, by the bytes of UTF-8. JavaScript's `<` compares UTF-16 units, which puts
 * an emoji before U+FB00; by code points the order is that of the bytes.
 */
export function compareKeys(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let index = 0; index < end; index += 1) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    const surrogates = Number(isSurrogate(left)) - Number(isSurrogate(right))
    return surrogates === 0 ? left - right : surrogates
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdf_ff
}

/** Keys in S3's order. */
export class SortedKeys {
  readonly #keys: string[]

  constructor(keys: Iterable<string> = []) {
    this.#keys = [...keys].sort(compareKeys)
  }

  /** Where the first key is that is not before `key`. */
  #lowerBound(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys[Symbol.iterator]()
  }

  add(key: string): void {
    const at = this.#lowerBound(key)
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key)
  }

  delete(key: string): void {
    const at = this.#lowerBound(key)
    if (this.#keys[at] === key) this.#keys.splice(at, 1)
  }

  /** The first key at or after `key`. */
  atOrAfter(key: string): string | undefined {
    return this.#keys[this.#lowerBound(key)]
  }

  /** The first key after `key`. */
  after(key: string): string | undefined {
    const at = this.#lowerBound(key)
    return this.#keys[this.#keys[at] === key ? at + 1 : at]
  }

  /** The first key after every key that begins with `prefix`. */
  afterPrefix(prefix: string): string | undefined {
    let low = this.#lowerBound(prefix)
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]!.startsWith(prefix)) low = middle + 1
      else high = middle
    }
    return this.#keys[low]
  }
}
