import { isSecretName, REDACTED, type Redaction } from '@yuzuru/concurrency/boundary'

/** A part of a path that is somebody's address: `hana@example.com`, or encoded. A scope such as `@yuzuru` is none. */
const ADDRESS = /^[^@]+(?:@|%40)./i

/** A URL that may be shown: no credentials, no fragment, no address in its path, and of its query only the names. */
export function shownUrl(url: URL): string {
  const path = url.pathname.split('/').map((part) => (ADDRESS.test(part) ? REDACTED : part))
  const names = [...new Set(url.searchParams.keys())]
  const query = names.map((name) => `${encodeURIComponent(name)}=${REDACTED}`).join('&')
  return `${url.origin}${path.join('/')}${query === '' ? '' : `?${query}`}`
}

/** Headers of an answer that may be shown. */
export function shownHeaders(
  headers: Iterable<[string, string]>,
  redaction: Redaction,
): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of headers) {
    shown[name] = isSecretName(name) ? REDACTED : redaction.text(inHeader(name, value))
  }
  return shown
}

/** Headers whose value is a URL, or holds some. */
const WITH_URLS: ReadonlySet<string> = new Set(['location', 'content-location', 'refresh', 'link'])

function inHeader(name: string, value: string): string {
  if (!WITH_URLS.has(name)) return value
  const url = URL.parse(value)
  return url === null ? value.replace(/[?#].*/s, `?${REDACTED}`) : shownUrl(url)
}
