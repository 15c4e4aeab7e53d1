import { Buffer } from 'node:buffer'
import type { KnownSecret } from './redact-known.ts'

/** How short a value may be, in characters, and still be looked for: shorter ones are in every text. */
const SHORTEST = { named: 4, other: 6 }

/** How long a mere word may be, in characters: error codes are such words. */
const LONGEST_WORD = 24

/** How much is looked for at the most, in characters. */
const MOST = 32_768

/** Values that must not be shown, in all the spellings in which another program may quote them. */
export class SecretSpellings implements Iterable<KnownSecret> {
  readonly #texts = new Map<string, boolean>()
  #length = 0

  /**
   * Adds a value.
   *
   * @param isNamed whether its name says that it is a secret. Other values are looked for too, unless they
   *   are a mere word, such as an error's code may be: with a digit, a blank or a letter beyond ASCII.
   */
  add(value: string, isNamed: boolean): void {
    if (value.length < (isNamed ? SHORTEST.named : SHORTEST.other)) return
    if (!isNamed && value.length <= LONGEST_WORD && /^[A-Za-z_-]*$/.test(value)) return
    for (const spelling of spellingsOf(value)) {
      const known = this.#texts.get(spelling)
      if (known === undefined) {
        if (this.#length + spelling.length > MOST) continue
        this.#length += spelling.length
      }
      this.#texts.set(spelling, known === true || isNamed)
    }
  }

  /** Adds a credential and its parts: `Bearer …`, `Basic …`, `a=b; c=d`. */
  addCredential(value: string): void {
    this.add(value, true)
    // Short pieces ("Bearer", "v1") are not secrets, and taking them out would spoil the text.
    for (const part of value.split(/[\s;,="]/)) if (part.length >= 8) this.add(part, true)
    const [scheme = '', encoded = ''] = value.split(' ')
    if (scheme.toLowerCase() !== 'basic') return
    const pair = Buffer.from(encoded, 'base64').toString()
    this.add(pair, true)
    this.add(pair.slice(pair.indexOf(':') + 1), true)
  }

  *[Symbol.iterator](): IterableIterator<KnownSecret> {
    for (const [text, anywhere] of this.#texts) yield { text, anywhere }
  }
}

function spellingsOf(value: string): ReadonlySet<string> {
  const percent = encodeURIComponent(value.toWellFormed())
  const form = new URLSearchParams({ _: value }).toString().slice(2)
  const json = JSON.stringify(value).slice(1, -1)
  const lower = (text: string): string =>
    text.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase())
  const ascii = json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const markup = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = markup.replaceAll('"', '&quot;')
  const apostrophes = ['&#39;', '&apos;', '&#x27;'].map((each) => quoted.replaceAll("'", each))
  const slashes = json.replaceAll('/', '\\/')
  const all = [
    value,
    percent,
    lower(percent),
    form,
    lower(form),
    json,
    slashes,
    ascii,
    markup,
    quoted,
  ]
  return new Set([...all, ...apostrophes])
}
