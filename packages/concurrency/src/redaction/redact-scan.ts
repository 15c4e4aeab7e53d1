import {
  closingBracket,
  closingQuote,
  hasBreak,
  isBare,
  isBlank,
  isBreak,
  isNameCode,
  isTokenCode,
  isTokenOrStar,
  isUrlCode,
  isWebHost,
  quoteAt,
  skip,
  skipBack,
} from './redact-characters.ts'
import { isSecretName } from './redact-names.ts'
import { shownOf } from './redact-tokens.ts'

/** What stands where a secret was. */
export const REDACTED = '[redacted]'

/** Where a value ends that no quotes and no brackets enclose. */
type Ending = 'line' | 'word' | 'json'

/** What holds the name, and what the value, where these two are fields of their own. */
const LABELS: ReadonlySet<string> = new Set(['name', 'key', 'field', 'param', 'parameter', 'id'])
const CONTENTS: ReadonlySet<string> = new Set(['value', 'val', 'content'])

/** How far apart these may be, and how long a name of several words may be, in characters. */
const FAR = 64

/** Names that are a secret's in a query only. */
const IN_QUERY: ReadonlySet<string> = new Set(['code', 'state', 'sig', 'key'])

/**
 * Takes the secrets out of a text of any form, be it cut off or broken: the values of fields with a
 * secret's name in JSON, forms, queries, headers, logs, XML and HTML; the user and password of URLs;
 * credentials after `Bearer` and `Basic`; private keys; tokens of well-known issuers.
 *
 * It goes over the text once and never back, so that nobody's text makes it slow, and takes too much
 * rather than too little: a value without an end goes on to the end of the text.
 */
export function redactUnknown(text: string): string {
  return new Scan(text).run()
}

class Scan {
  readonly #text: string
  #at = 0
  #shown = ''
  /** Up to where `#shown` has come. */
  #copied = 0
  /** The run without blanks that was looked at last: where it ends, and its last `@`. */
  #runEnd = 0
  #runSign = -1
  /** Up to where a `value` belongs to a secret's name: `name="token" value="…"`. */
  #pairEnd = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): string {
    const text = this.#text
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at)
      if (isNameCode(code)) this.#word()
      else if (code === 0x3c) this.#element()
      else this.#at += 1
    }
    return this.#shown + text.slice(this.#copied)
  }

  /** Leaves out what is from `start` to `end`, and goes on there. */
  #hide(start: number, end: number): void {
    if (end > start) this.#shown += this.#text.slice(this.#copied, start) + REDACTED
    this.#copied = Math.max(this.#copied, end)
    this.#at = Math.max(end, this.#at)
  }

  #word(): void {
    const text = this.#text
    const start = this.#at
    const end = skip(text, start, isNameCode)
    this.#at = end
    if (text.startsWith('://', end)) {
      this.#url(end + 3)
      return
    }
    const name = text.slice(start, end)
    if (name.endsWith('-----BEGIN')) {
      this.#privateKey(end)
      return
    }
    if (this.#value(name, start, end)) return
    const scheme = name.toLowerCase()
    if (scheme === 'bearer' || scheme === 'basic') this.#credentials(scheme, end)
    else this.#token(start)
  }

  /** Hides what a name stands for, if it is a secret's. `false`: nothing follows it. */
  #value(name: string, start: number, end: number): boolean {
    const text = this.#text
    const closing = quoteAt(text, end)
    const afterName = skip(text, end + closing, isBlank)
    const sign = text.charCodeAt(afterName)
    if (sign === 0x2c && closing > 0) return this.#pair(name, start, afterName + 1)
    if (sign !== 0x3a && sign !== 0x3d) return false
    const before = text.charCodeAt(start - 1)
    const isQuery = sign === 0x3d && (before === 0x3f || before === 0x26)
    // `=>`, `==`
    const afterSign = skip(text, afterName + 1, (code) => code === 0x3e || code === 0x3d)
    const from = skip(text, afterSign, isBlank)
    const lower = name.toLowerCase()
    if (LABELS.has(lower)) this.#label(from)
    const isPaired = CONTENTS.has(lower) && start < this.#pairEnd
    const isSecret = isPaired || isSecretName(this.#longName(name, start, closing > 0))
    if (!isSecret && !(isQuery && IN_QUERY.has(lower))) return false
    const ending: Ending = closing > 0 ? 'json' : sign === 0x3d ? 'word' : 'line'
    // Nothing on this line: the value of an empty field, or a heading.
    if (ending === 'word' && from > afterSign && hasBreak(text, afterSign, from)) return false
    this.#hideValue(from, ending)
    return true
  }

  /** `["token", value`: a list of a name and its value. */
  #pair(name: string, start: number, afterComma: number): boolean {
    const before = this.#text.slice(Math.max(0, start - FAR), start)
    if (!/\[\s{0,16}\\{0,8}["']$/.test(before) || !isSecretName(name)) return false
    this.#hideValue(skip(this.#text, afterComma, isBlank), 'json')
    return true
  }

  /** The name with the words before it that belong to it: `"secret key": …`, `API key: …`. */
  #longName(name: string, start: number, isQuoted: boolean): string {
    if (!isQuoted && !/^keys?$/i.test(name)) return name
    const before = this.#text.slice(Math.max(0, start - FAR), start)
    return before.slice(skipBack(before, isQuoted)) + name
  }

  /** Notes when the value at `from` is a secret's name whose value follows as a field of its own. */
  #label(from: number): void {
    const opening = quoteAt(this.#text, from)
    const start = from + opening
    const label = this.#text.slice(start, start + FAR)
    const end = skip(label, 0, (code) => isNameCode(code) || (opening > 0 && code === 0x20))
    if (isSecretName(label.slice(0, end))) this.#pairEnd = start + end + FAR
  }

  #hideValue(from: number, ending: Ending): void {
    const text = this.#text
    const opening = quoteAt(text, from)
    if (opening > 0) {
      this.#hide(from + opening, closingQuote(text, from, opening))
      return
    }
    const code = text.charCodeAt(from)
    if (code === 0x7b || code === 0x5b) this.#hide(from, closingBracket(text, from))
    else if (ending === 'line')
      this.#hide(
        from,
        skip(text, from, (each) => !isBreak(each)),
      )
    else if (ending === 'word') this.#hide(from, skip(text, from, isBare))
    else
      this.#hide(
        from,
        skip(text, from, (each) => isBare(each) && each !== 0x7d && each !== 0x5d),
      )
  }

  /** `<secret …>value</secret>`, with or without a prefix. */
  #element(): void {
    const text = this.#text
    const start = this.#at + 1
    const end = skip(text, start, (code) => isNameCode(code) || code === 0x3a)
    this.#at = start
    const name = text.slice(start, end)
    if (end === start || !isSecretName(name)) return
    const close = skip(text, end, (code) => code !== 0x3e && code !== 0x3c)
    if (text.charCodeAt(close) !== 0x3e || text.charCodeAt(close - 1) === 0x2f) return
    const after = text.indexOf(`</${name}`, close)
    this.#shown += text.slice(this.#copied, end) + redactUnknown(text.slice(end, close))
    this.#copied = close
    this.#hide(close + 1, after < 0 ? text.length : after)
  }

  /**
   * `scheme://user:password@host`. The password may hold an unescaped `@`, `/` or `#`, so all up to the
   * last `@` goes unless it is an ordinary web address with an `@` in its path.
   */
  #url(from: number): void {
    const text = this.#text
    this.#at = from
    if (from >= this.#runEnd) {
      this.#runEnd = skip(text, from, isUrlCode)
      const sign = text.slice(from, this.#runEnd).lastIndexOf('@')
      this.#runSign = sign < 0 ? -1 : from + sign
    }
    if (this.#runSign < from) return
    const host = skip(text, from, (code) => code !== 0x2f && code !== 0x3f && code !== 0x23)
    if (host > this.#runSign || !isWebHost(text, from, host)) this.#hide(from, this.#runSign)
  }

  #credentials(scheme: string, end: number): void {
    const text = this.#text
    const from = skip(text, end, isBlank)
    if (from === end) return
    const to = skip(text, from, isTokenCode)
    const credentials = text.slice(from, to)
    // "basic authentication" is not a credential.
    if (to - from < 8 || (scheme === 'basic' && !/[\dA-Z=+/]/.test(credentials))) return
    this.#hide(from, to)
  }

  #token(start: number): void {
    const text = this.#text
    const word = text.slice(start, this.#at)
    const shown = shownOf(word, text.charCodeAt(this.#at) === 0x2a)
    // What is hidden is passed over, so that this looks ahead once only.
    if (shown !== undefined) this.#hide(start + shown, skip(text, this.#at, isTokenOrStar))
  }

  #privateKey(start: number): void {
    const text = this.#text
    if (!text.slice(start, start + 80).includes('PRIVATE KEY')) return
    const end = text.indexOf('-----END', start)
    this.#hide(start, end < 0 ? text.length : end)
  }
}
