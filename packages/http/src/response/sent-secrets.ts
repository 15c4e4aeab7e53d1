import { isSecretName, Redaction, SecretSpellings } from '@yuzuru/concurrency/boundary'
import type { CallContext } from '../errors/call-context.ts'
import { PUBLIC_HEADERS } from '../request/public-headers.ts'
import type { RequestBody } from '../request/request-body.ts'

/** Longer bodies are not looked through. */
const LONGEST_BODY = 262_144

/**
 * The redaction for what a server says of a request: whatever was sent may come back in it. The values of
 * headers, of the query and of the body's fields (JSON, forms, short texts) are taken out.
 */
export function redactionFor(context: CallContext, body: RequestBody | undefined): Redaction {
  const secrets = new SecretSpellings()
  for (const [name, value] of Object.entries(context.headers)) {
    if (!PUBLIC_HEADERS.has(name)) secrets.addCredential(value)
  }
  for (const [name, value] of context.url.searchParams) secrets.add(value, isSecretName(name))
  if (body instanceof URLSearchParams) addForm(secrets, body)
  else if (body instanceof FormData) addForm(secrets, body)
  else if (typeof body === 'string' && body.length <= LONGEST_BODY) addText(secrets, body, context)
  return new Redaction(secrets)
}

function addForm(secrets: SecretSpellings, form: Iterable<[string, string | Blob]>): void {
  for (const [name, value] of form) {
    if (typeof value === 'string') secrets.add(value, isSecretName(name))
  }
}

function addText(secrets: SecretSpellings, body: string, { headers }: CallContext): void {
  const type = headers['content-type'] ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) {
    addForm(secrets, new URLSearchParams(body))
    return
  }
  try {
    addJson(secrets, JSON.parse(body))
  } catch {
    secrets.add(body, false)
  }
}

/** Adds all values of a JSON text. Not by recursion: how deep it is, its sender decides. */
function addJson(secrets: SecretSpellings, root: unknown): void {
  const open: { readonly value: unknown; readonly isNamed: boolean }[] = [
    { value: root, isNamed: false },
  ]
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const { value, isNamed } = each
    if (typeof value === 'string') secrets.add(value, isNamed)
    else if (typeof value === 'number') secrets.add(String(value), isNamed)
    if (typeof value !== 'object' || value === null) continue
    for (const [name, inner] of Object.entries(value)) {
      open.push({ value: inner, isNamed: isNamed || isSecretName(name) })
    }
  }
}
