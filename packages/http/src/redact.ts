/** What stands where a secret was. */
const REDACTED = '[redacted]'

const SECRET_HEADER =
  /^(?:authorization|proxy-authorization|cookie|set-cookie)$|token|secret|password|signature|credential|session|api-?key|auth-?key/

const SECRET_FIELD =
  /token|secret|password|passphrase|signature|credential|api_?-?key|private_?-?key|authorization|assertion|^sig$/i

/** Whether the value of a header may be secret. `name` is in lower case. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name)
}

/** A URL that may be shown: no credentials, no fragment, and of its query only the names. */
export function redactUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())]
  const query = names.map((name) => `${encodeURIComponent(name)}=${REDACTED}`).join('&')
  return `${url.origin}${url.pathname}${query === '' ? '' : `?${query}`}`
}

/** Headers that may be shown. */
export function redactHeaders(headers: Iterable<[string, string]>): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of headers) {
    const secret = isSecretHeader(name)
    shown[name] = secret ? REDACTED : name === 'location' ? redactLocation(value) : value
  }
  return shown
}

/** The values of a request's headers that must not be shown, also without their scheme. */
export function secretsOf(headers: Readonly<Record<string, string>>): readonly string[] {
  const secrets: string[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || !isSecretHeader(name)) continue
    secrets.push(value, ...value.split(/[\s;,=]+/))
  }
  // Short pieces ("Bearer", "v1") are no secrets, and taking them out would spoil the text.
  return secrets.filter((secret) => secret.length >= 8).toSorted((a, b) => b.length - a.length)
}

/** Text that may be shown: without the given secrets, and without the values of secret JSON fields. */
export function redactText(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, REDACTED)
  return shown.replace(
    /("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*"?)/g,
    (all, name: string, colon: string) =>
      SECRET_FIELD.test(name.slice(1, -1)) ? `${name}${colon}"${REDACTED}"` : all,
  )
}

function redactLocation(value: string): string {
  return URL.canParse(value) ? redactUrl(new URL(value)) : value.replace(/[?#].*$/s, `?${REDACTED}`)
}
