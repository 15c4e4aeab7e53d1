/** The longest name that is shown. */
const MAX_LENGTH = 120

/** From this length on, a part with a digit or a capital is taken for a token. */
const TOKEN_LENGTH = 16

/** A path in which nothing can be an id: `/plans/list`. */
const PLAIN = /^(?:\/[a-z.-]*)+$/

/**
 * `GET /plans/:id` for `GET /plans/42?secret=1`: a name that is the same for all requests of a kind and holds
 * no id, no query and nothing that cannot be printed. What may be a token, an address or a date is hidden, too.
 */
export function routeName(method: string, url: string): string {
  // Most paths: small letters, and too few of them for a token.
  if (url.length < TOKEN_LENGTH && PLAIN.test(url)) return `${method} ${url}`
  const path = url.replace(/[?#].*$/s, '')
  const shown = path
    .split('/')
    .map((part) => (isWord(part) ? part : ':id'))
    .join('/')
  return `${method} ${shown}`.slice(0, MAX_LENGTH)
}

/** Whether a part of a path belongs to the route, not to the one request: `plans`, `v1`, `upload.js`. */
export function isWord(part: string): boolean {
  if (!/^[\w.~*-]*$/.test(part)) return false
  const digits = part.replaceAll(/\D/g, '').length
  if (digits >= 3 || (digits > 0 && digits === part.length)) return false
  return part.length < TOKEN_LENGTH || !/[\dA-Z]/.test(part)
}
