import { expected } from '@yuzuru/concurrency/boundary'

/** Whether a browser shows the object or saves it. */
export type Disposition = 'inline' | 'attachment'

/** What RFC 5987, 3.2.1 lets stand in an extended value beyond what `encodeURIComponent` leaves. */
const NOT_ATTR_CHAR = /['()*]/g

/**
 * `Content-Disposition` (RFC 6266) with a name for every client: in ASCII for old ones, and as `filename*`
 * for all others. CR, LF, NUL and other control characters are removed, and so is a path before the name.
 *
 * @param filename in any script
 * @example
 * contentDisposition('attachment', '支援計画書.pdf')
 */
export function contentDisposition(disposition: Disposition, filename?: string): string {
  if (disposition !== 'inline' && disposition !== 'attachment') {
    throw expected("disposition to be 'inline' or 'attachment'", disposition)
  }
  if (filename === undefined) return disposition
  if (typeof filename !== 'string') {
    throw expected('filename to be a string', filename)
  }
  const name = baseName(filename)
  if (name === '') return disposition
  const ascii = name.replace(/[^\x20-\x7e]/gu, '_').replace(/["\\%]/g, '_')
  const quoted = `${disposition}; filename="${ascii}"`
  if (ascii === name) return quoted
  const encoded = encodeURIComponent(name).replace(
    NOT_ATTR_CHAR,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${quoted}; filename*=UTF-8''${encoded}`
}

function baseName(filename: string): string {
  // oxlint-disable-next-line no-control-regex -- taking control characters out is the point
  const clean = filename.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '')
  return clean.slice(Math.max(clean.lastIndexOf('/'), clean.lastIndexOf('\\')) + 1).trim()
}
