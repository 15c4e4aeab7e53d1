import { isSecretName, REDACTED } from '@yuzuru/concurrency/boundary'

/** How much of a payload is shown, in characters. */
const MOST_SHOWN = 20_000

/** How deep it is shown, and how many parts of each of its parts. */
const MOST_DEEP = 20
const MOST_PARTS = 100

/** A key that looks like the name of a field; others may be data, such as an address that is mapped to something. */
const FIELD = /^[a-z_$][\w$-]{0,39}$/i

/** Where a name and its value are fields of their own: `{ "name": "token", "value": … }`. */
const LABELS: ReadonlySet<string> = new Set(['name', 'key', 'field', 'param', 'parameter', 'id'])
const CONTENTS: ReadonlySet<string> = new Set(['value', 'val', 'content'])

/**
 * A payload as text, for a page.
 *
 * @param isOpen `false`: only its shape, with the lengths of its texts. `true`: all of it but what stands under the name
 *   of a secret
 */
export function payloadText(payload: unknown, isOpen: boolean): string {
  const text = written(payload, isOpen, '')
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}\n…` : text
}

/** A value as JSON is written; not by `JSON.stringify`, as two keys may be masked alike. */
function written(value: unknown, isOpen: boolean, indent: string): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') {
    if (isOpen) return JSON.stringify(value)
    return typeof value === 'string' ? `••• (${value.length})` : '•••'
  }
  if (indent.length >= 2 * MOST_DEEP) return '…'
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const parts = items.slice(0, MOST_PARTS).map((each) => written(each, isOpen, `${indent}  `))
    return block('[', parts, items.length, ']', indent)
  }
  const pairs: [string, unknown][] = Object.entries(value)
  const isPaired = pairs.some(([key, label]) => {
    return LABELS.has(key) && typeof label === 'string' && isSecretName(label)
  })
  const parts = pairs.slice(0, MOST_PARTS).map(([key, each]) => {
    const name = isOpen || FIELD.test(key) ? JSON.stringify(key) : '"[…]"'
    const isSecret = isSecretName(key) || (isPaired && CONTENTS.has(key))
    return `${name}: ${isSecret ? REDACTED : written(each, isOpen, `${indent}  `)}`
  })
  return block('{', parts, pairs.length, '}', indent)
}

function block(
  open: string,
  parts: readonly string[],
  all: number,
  close: string,
  indent: string,
): string {
  if (all === 0) return `${open}${close}`
  const lines = all > parts.length ? [...parts, `… ${all - parts.length} more`] : parts
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`
}
