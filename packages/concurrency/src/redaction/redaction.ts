import { type KnownSecret, KnownSecrets } from './redact-known.ts'
import { isSecretName } from './redact-names.ts'
import { REDACTED, redactUnknown } from './redact-scan.ts'

/** Deeper than this, nothing is shown. */
const DEEPEST = 64

/** A text that may be shown, and what it says if it is JSON. */
export interface ShownText {
  readonly text: string
  readonly json: unknown
}

/**
 * Removes secrets from text or JSON before it is shown: known secrets, wherever they occur and however they
 * are escaped, and anything that looks like one. It hides too much rather than too little.
 *
 * Redact first, cut later: half a secret is not recognised.
 */
export class Redaction {
  readonly #known: KnownSecrets

  /** @param secrets what must not be shown, whatever it looks like */
  constructor(secrets: Iterable<KnownSecret> = []) {
    this.#known = new KnownSecrets(secrets)
  }

  /**
   * A text without its secrets.
   *
   * @param isCut whether the text was cut off: its end may then be the beginning of a secret
   */
  text(text: string, isCut = false): string {
    return redactUnknown(this.#withoutKnown(text, isCut))
  }

  /** A text that may be JSON: its values are then redacted one by one, and it is serialised again. */
  body(text: string, isCut = false): ShownText {
    const parsed = isCut ? undefined : parsedJson(text)
    if (parsed === undefined) return { text: this.text(text, isCut), json: undefined }
    const json = this.json(parsed.value)
    return { text: JSON.stringify(json), json }
  }

  /** A value of JSON without its secrets. */
  json(value: unknown): unknown {
    return this.#walk(value, 0)
  }

  #walk(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') return this.#isKnown(String(value)) ? REDACTED : value
    if (typeof value !== 'object' || value === null) return value
    if (depth >= DEEPEST) return REDACTED
    if (Array.isArray(value)) return this.#list(value, depth)
    const isPaired = LABELS.some((label) => isSecret(Reflect.get(value, label)))
    const entries = Object.entries(value).map(([name, inner]: [string, unknown]) => {
      const isHidden = isSecretName(name) || (isPaired && CONTENTS.has(name))
      return [this.text(name), isHidden ? hidden(inner) : this.#walk(inner, depth + 1)] as const
    })
    return Object.fromEntries(entries)
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const [first, second] = list
    if (list.length === 2 && isSecret(first)) return [first, hidden(second)]
    return list.map((inner) => this.#walk(inner, depth + 1))
  }

  #isKnown(text: string): boolean {
    return this.#known.find(text, false).length > 0
  }

  #withoutKnown(text: string, isCut: boolean): string {
    let shown = ''
    let copied = 0
    for (const { start, end } of this.#known.find(text, isCut)) {
      shown += text.slice(copied, start) + REDACTED
      copied = end
    }
    return copied === 0 ? text : shown + text.slice(copied)
  }
}

/** Where a name and its value are fields of their own: `{ "name": "token", "value": … }`. */
const LABELS = ['name', 'key', 'field', 'param', 'parameter', 'id']
const CONTENTS: ReadonlySet<string> = new Set(['value', 'val', 'content'])

function isSecret(name: unknown): boolean {
  return typeof name === 'string' && isSecretName(name)
}

/** A missing value is not a secret. */
function hidden(value: unknown): unknown {
  return value === null || typeof value === 'boolean' || value === '' ? value : REDACTED
}

/** `undefined`: the text is not JSON. */
function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
