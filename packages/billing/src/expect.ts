import { describeValue } from '@yuzuru/concurrency'

/** Refuses what is no object of options. */
export function expectObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new TypeError(`Expected ${name} to be an object, got ${describeValue(value)}`)
}

/** Refuses what is no text of 1 to `maxLength` characters without control characters. */
export function expectText(name: string, value: unknown, maxLength: number): void {
  if (typeof value !== 'string' || value.length === 0) {
    throw new TypeError(`Expected ${name} to be a text, got ${describeValue(value)}`)
  }
  if (value.length > maxLength || /\p{Cc}/u.test(value)) {
    throw new TypeError(
      `Expected ${name} to be at most ${maxLength} characters without control characters, got others`,
    )
  }
}

/** Refuses what is no absolute http(s) URL. Stripe fills in `{CHECKOUT_SESSION_ID}` itself. */
export function expectUrl(name: string, value: unknown): void {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return
  throw new TypeError(`Expected ${name} to be an http(s) URL, got ${describeValue(value)}`)
}

/** Refuses what is no integer within bounds. */
export function expectInteger(name: string, value: unknown, from: number, to: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to) return
  throw new TypeError(
    `Expected ${name} to be an integer from ${from} to ${to}, got ${describeValue(value)}`,
  )
}

/** Stripe takes up to 50 keys of 40 characters with values of 500; one key is ours. */
const MAX_KEYS = 49

/** Refuses metadata that Stripe would refuse. Source: https://docs.stripe.com/metadata */
export function expectMetadata(name: string, value: unknown): void {
  if (value === undefined) return
  expectObject(name, value)
  const entries = Object.entries(value as object)
  if (entries.length > MAX_KEYS) {
    throw new TypeError(`Expected ${name} to have at most ${MAX_KEYS} keys, got ${entries.length}`)
  }
  for (const [key, text] of entries) {
    if (key === '' || key.length > 40 || /[[\]]/.test(key) || key.startsWith('yuzuru_')) {
      throw new TypeError(
        `Expected the keys of ${name} to be 1 to 40 characters, without brackets and not beginning with "yuzuru_"`,
      )
    }
    if (typeof text !== 'string' || text === '' || text.length > 500) {
      throw new TypeError(
        `Expected ${name}.${key} to be a text of 1 to 500 characters, got ${describeValue(text)}`,
      )
    }
  }
}
