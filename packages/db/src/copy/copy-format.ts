/**
 * COPY's text format: a line a row, tabs between the fields, `\N` for NULL.
 * https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
 */
const ESCAPES: Readonly<Record<string, string>> = {
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': '\\\\',
}

const UNESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

// oxlint-disable-next-line no-control-regex -- the characters that the format escapes are those
const TO_ESCAPE = /[\b\f\n\r\t\v\\]/g

const NULL = String.raw`\N`

/** A field of a line. `undefined` is NULL. */
export function encodeField(text: string | undefined): string {
  if (text === undefined) return NULL
  return text.replaceAll(TO_ESCAPE, (character) => ESCAPES[character] ?? character)
}

/** The fields of a line, without its end. `undefined` is NULL. */
export function decodeLine(line: string): (string | undefined)[] {
  return line.split('\t').map((field) => {
    if (field === NULL) return undefined
    if (!field.includes('\\')) return field
    return field.replaceAll(/\\(.)/gs, (_, character: string) => UNESCAPES[character] ?? character)
  })
}
