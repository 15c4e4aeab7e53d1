import { randomUUID } from 'node:crypto'

/**
 * A form as it goes over the wire (RFC 7578, in the way of the HTML standard, 4.10.21.8). A `Blob` is a
 * list of parts that are read when they are sent, so a file of `openAsBlob` is never in memory as a whole,
 * and the same form can be sent again. Its `type` has the boundary.
 */
export function multipartOf(form: FormData): Blob {
  // In lower case, as the type of a Blob always is.
  const boundary = `yuzuru-${randomUUID()}`
  const parts: (string | Blob)[] = []
  for (const [name, value] of form as Iterable<[string, string | File]>) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(lined(name))}"`
    if (typeof value === 'string') {
      parts.push(`${head}\r\n\r\n${lined(value)}\r\n`)
      continue
    }
    const type = value.type === '' ? 'application/octet-stream' : value.type
    const file = `; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`
    parts.push(head + file, value, '\r\n')
  }
  parts.push(`--${boundary}--\r\n`)
  return new Blob(parts, { type: `multipart/form-data; boundary=${boundary}` })
}

/** Nothing in a name ends it or its line. */
function escaped(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}

/** Line breaks as forms have them. */
function lined(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n')
}
