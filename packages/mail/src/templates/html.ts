import { expected } from '@yuzuru/concurrency/boundary'
/** HTML that {@link html} made, or that {@link trustedHtml} vouches for. */
export class Html {
  readonly #source: string

  /** Use {@link html} or {@link trustedHtml}. */
  constructor(source: string) {
    this.#source = source
  }

  toString(): string {
    return this.#source
  }
}

/** What may stand in an {@link html} template; `null`, `undefined` and `false` leave nothing. */
export type HtmlValue =
  | string
  | number
  | bigint
  | Html
  | null
  | undefined
  | false
  | readonly HtmlValue[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A tagged template that escapes what is put into it; other {@link Html} is taken as it is, lists are
 * joined.
 *
 * It escapes for text and for *quoted* attributes. It does not look at URLs (`javascript:`), nor into
 * `<style>` and `<script>`: keep what users wrote out of those.
 *
 * A backslash begins an escape, as in every template: write `C:\\users` for `C:\users`.
 *
 * @throws {TypeError} unless each value is an {@link HtmlValue}; on an invalid escape such as `\u` or
 * `\x` in the template itself, whose text would be lost; and when it is called without a template
 * @example
 * html`<p>${name} 様</p><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new TypeError('Expected html to be called as a template tag, got a plain call')
  }
  const [first, ...others] = strings.map((piece) => expectCooked(piece))
  const filled = others.map((piece, index) => render(values[index]) + piece)
  return new Html(`${first}${filled.join('')}`)
}

/** JavaScript hands `undefined` to a tag for a piece that holds an invalid escape. */
function expectCooked(piece: string | undefined): string {
  if (piece !== undefined) return piece
  throw new TypeError(
    'Expected an html template with valid escapes only, got a "\\" that begins none: write "\\\\"',
  )
}

/** Takes a string as HTML, unescaped. Never for what a user wrote, or a part of it. */
export function trustedHtml(source: string): Html {
  return new Html(source)
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (Array.isArray(value)) return value.map((item: HtmlValue) => render(item)).join('')
  if (typeof value === 'string')
    return value.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw expected('a value in html to be a string, a number, Html or a list of them', value)
}
