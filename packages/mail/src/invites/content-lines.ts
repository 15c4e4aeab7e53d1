/** RFC 5545, 3.1: a line should have at most 75 octets, without its line break. */
const OCTETS = 75

/** A line of a calendar object, folded between characters. */
export function contentLine(name: string, value: string): string {
  let folded = ''
  let octets = 0
  for (const character of `${name}:${value}`) {
    const size = Buffer.byteLength(character)
    if (octets + size > OCTETS) {
      folded += '\r\n '
      octets = 1
    }
    folded += character
    octets += size
  }
  return `${folded}\r\n`
}

/** A value of the type TEXT (RFC 5545, 3.3.11). */
export function textValue(text: string): string {
  return text.replaceAll(/[\\;,]/g, String.raw`\$&`).replaceAll(/\r\n?|\n/g, String.raw`\n`)
}

/** A quoted parameter (RFC 5545, 3.2), which can't hold a quote; Outlook knows no escapes of RFC 6868. */
export function quotedParameter(text: string): string {
  return `"${text.replaceAll('"', "'")}"`
}

/** `20260401T100000Z` (RFC 5545, 3.3.5). */
export function utcTime(date: Date): string {
  return `${localTime(date, 0)}Z`
}

/** The same in a zone, without saying which. */
export function localTime(date: Date, offsetMs: number): string {
  const local = new Date(date.getTime() + offsetMs)
  return local
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace(/\.\d+Z$/, '')
}
