/** What a browser sends of a form without files. Others carry a header. */
const FORM = /^application\/x-www-form-urlencoded[\t ]*(?:;|$)/i

/** Whether a body of this type has fields that may hold a key. */
export function isForm(contentType: string): boolean {
  return FORM.test(contentType)
}

/** The key in a field of a form, as a header would have it: two of them are as malformed as two headers. */
export function keyInForm(body: Uint8Array, field: string): string | null {
  const keys = new URLSearchParams(new TextDecoder().decode(body)).getAll(field)
  return keys.length === 0 ? null : keys.join(', ')
}
