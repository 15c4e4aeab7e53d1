/** What quotation marks look like, also where they were escaped for HTML or XML. */
const QUOTES = ['"', "'", '`', '&quot;', '&#34;', '&#x22;', '&#39;', '&#x27;', '&apos;']

export function skip(text: string, from: number, accepts: (code: number) => boolean): number {
  let at = from
  while (at < text.length && accepts(text.charCodeAt(at))) at += 1
  return at
}

/** Where the words begin that end the text `before` and are one name with what follows. */
export function skipBack(before: string, isQuoted: boolean): number {
  const ends = isQuoted ? '"\'`;' : '"\'`;,&?{(\n\r'
  let at = before.length
  while (at > 0 && !ends.includes(before.charAt(at - 1))) at -= 1
  return at
}

/** How long the quotation mark at `at` is, with the backslashes that escape it; 0: there is none. */
export function quoteAt(text: string, at: number): number {
  const mark = skip(text, at, isBackslash)
  const quote = QUOTES.find((each) => text.startsWith(each, mark))
  return quote === undefined ? 0 : mark - at + quote.length
}

/** Where the quoted value ends whose mark, of `opening` characters, is at `from`. */
export function closingQuote(text: string, from: number, opening: number): number {
  const slashes = skip(text, from, isBackslash) - from
  const quote = text.slice(from + slashes, from + opening)
  let before = 0
  for (let at = from + opening; at < text.length; at += 1) {
    if (isBackslash(text.charCodeAt(at))) {
      before += 1
      continue
    }
    // Within a text that is quoted itself, a mark with no more backslashes than the first ends it.
    const isEnd = slashes === 0 ? before % 2 === 0 : before <= slashes
    if (isEnd && text.startsWith(quote, at)) return at - (slashes === 0 ? 0 : before)
    before = 0
  }
  return text.length
}

/** Where the object or list at `from` ends, brackets in quotes not counted. */
export function closingBracket(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = closingQuote(text, at, 1)
    else if (code === 0x7b || code === 0x5b) depth += 1
    else if (code === 0x7d || code === 0x5d) depth -= 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/** Whether the part of a URL before its path is `host` or `host:port`, and no `user:password`. */
export function isWebHost(text: string, from: number, host: number): boolean {
  const scheme = text.slice(Math.max(0, from - 8), from).toLowerCase()
  if (!scheme.endsWith('http://') && !scheme.endsWith('https://')) return false
  const authority = text.slice(from, host)
  // An IPv6 address has colons of its own, in brackets.
  const colon = authority.indexOf(':', authority.startsWith('[') ? authority.indexOf(']') : 0)
  if (colon < 0) return true
  return colon + 1 < authority.length && skip(authority, colon + 1, isDigit) === authority.length
}

export function hasBreak(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (isBreak(text.charCodeAt(at))) return true
  return false
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

export function isNameCode(code: number): boolean {
  if (isDigit(code) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)) return true
  // `_`, `-`, `.`
  return code === 0x5f || code === 0x2d || code === 0x2e
}

/** RFC 9110, 11.2: what credentials in one piece are made of. */
export function isTokenCode(code: number): boolean {
  return isNameCode(code) || code === 0x7e || code === 0x2b || code === 0x2f || code === 0x3d
}

/** A token of which a part is hidden already has stars in it. */
export function isTokenOrStar(code: number): boolean {
  return code === 0x2a || isTokenCode(code)
}

function isBackslash(code: number): boolean {
  return code === 0x5c
}

export function isBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || isBreak(code)
}

/** What a value without quotes is made of: all but blanks, quotes, `&`, `,`, `;`, `<`, `>`. */
export function isBare(code: number): boolean {
  return !isBlank(code) && ![0x22, 0x27, 0x26, 0x2c, 0x3b, 0x3c, 0x3e].includes(code)
}

/** What a URL within a text is made of, also one that is not well formed. */
export function isUrlCode(code: number): boolean {
  return (
    !isBlank(code) &&
    code !== 0x22 &&
    code !== 0x27 &&
    code !== 0x60 &&
    code !== 0x3c &&
    code !== 0x3e
  )
}
