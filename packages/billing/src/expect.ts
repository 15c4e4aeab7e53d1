import { expected, expectObject } from '@yuzuru/concurrency/boundary'

/** Throws unless `value` is an absolute http(s) URL. Stripe fills in `{CHECKOUT_SESSION_ID}` itself. */
export function expectUrl(name: string, value: unknown): void {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return
  throw expected(`${name} to be an http(s) URL`, value)
}

/** Stripe takes up to 50 keys of 40 characters with values of 500; two keys are ours. */
const MAX_KEYS = 48

/** Throws on metadata that Stripe would refuse. Source: https://docs.stripe.com/metadata */
export function expectMetadata(name: string, value: unknown, maxKeys: number = MAX_KEYS): void {
  if (value === undefined) return
  expectObject(name, value)
  const entries = Object.entries(value)
  if (entries.length > maxKeys) {
    throw new TypeError(`Expected ${name} to have at most ${maxKeys} keys, got ${entries.length}`)
  }
  for (const [key, text] of entries) {
    if (key === '' || key.length > 40 || /[[\]]/.test(key) || key.startsWith('yuzuru_')) {
      throw new TypeError(
        `Expected the keys of ${name} to be 1 to 40 characters, without brackets and not beginning with "yuzuru_"`,
      )
    }
    if (typeof text !== 'string' || text === '' || text.length > 500) {
      throw expected(`${name}.${key} to be a string of 1 to 500 characters`, text)
    }
  }
}
