/** The reserved characters of RFC 3986 that `encodeURIComponent` does not escape. */
const LEFT = /[!'()*]/g

/** RFC 3986: everything but unreserved characters. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    LEFT,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A key, escaped for a path. Its slashes stay. */
export function escapeKey(key: string): string {
  return escapeUri(key).replaceAll('%2F', '/')
}
