/** A part of a path that is an id rather than a word: digits, a UUID, or long hex, base64url or the like. */
const ID = /^(?:\d+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|(?=[\w.~-]*\d)[\w.~-]{16,})$/i

/** The longest name that is shown. */
const MAX_LENGTH = 120

/**
 * `GET /plans/:id` for `GET /plans/42?secret=1`: a name that is the same for all requests of a kind and holds
 * no id, no query and nothing that cannot be printed.
 */
export function routeName(method: string, url: string): string {
  const path = url.replace(/[?#].*$/s, '')
  const shown = path
    .split('/')
    .map((part) => (ID.test(part) ? ':id' : part.replaceAll(/[^\w.~!$&'()*+,;=:@%-]/g, '?')))
    .join('/')
  return `${method} ${shown}`.slice(0, MAX_LENGTH)
}
