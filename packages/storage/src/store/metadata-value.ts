/** RFC 2047, 2: what S3 makes of metadata that is not ASCII, and how it travels. */
const ENCODED_WORD = /=\?UTF-8\?(?:B\?([A-Za-z0-9+/=]*)|Q\?([^?\s]*))\?=/gi

/**
 * Text for a header: unchanged if it is ASCII, else encoded (RFC 2047). Spaces around it would otherwise be
 * lost on the way (RFC 9110, 5.5).
 */
export function encodeMetadata(value: string): string {
  if (/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/.test(value) && !value.includes('=?'))
    return value
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`
}

/** The text of a header that may be encoded. */
export function decodeMetadata(value: string): string {
  return value.replace(ENCODED_WORD, (_, base64?: string, quoted?: string) =>
    base64 === undefined ? unquote(quoted ?? '') : Buffer.from(base64, 'base64').toString(),
  )
}

function unquote(text: string): string {
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
