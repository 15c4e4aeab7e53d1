import { expected } from '@yuzuru/concurrency/boundary'
import { expectSafeAttribute } from './html-attribute.ts'
import { contextsOf, type HtmlContext } from './html-context.ts'

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

/** By the code of the character. */
const ENTITIES: readonly string[] = Object.assign([], {
  0x26: '&amp;',
  0x3c: '&lt;',
  0x3e: '&gt;',
  0x22: '&quot;',
  0x27: '&#39;',
} satisfies Record<number, string>)

/**
 * Makes HTML from a template and escapes the values in it; values that are {@link Html} are taken as they are,
 * and lists are joined.
 *
 * Values may stand in text and in *quoted* attributes. What can't be placed safely is an error: a value in
 * an attribute without quotes, in a tag, a comment, `<style>` or `<script>`, in `onclick` and the like; a
 * URL of a scheme other than http, https, mailto, tel, sms and cid (`javascript:`, `data:`), also in a list
 * of URLs (`srcset`), or after an entity (`javascript&colon;`); in `style` what is not words, numbers or
 * colours; in the `content` of `<meta http-equiv>`, and in what SVG animates; {@link Html} in an attribute.
 * A template ends in text: one that leaves a tag, a value or a comment open is an error.
 *
 * A backslash begins an escape, as in every template: write `C:\\users` for `C:\users`.
 *
 * @throws {TypeError} unless each value is an {@link HtmlValue} in a place that is safe, and the template ends in text; on an invalid escape such as `\u` or
 * `\x` in the template itself, whose text would be lost; and when it is called without a template
 * @example
 * html`<p>${name} 様</p><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new TypeError('Expected html to be called as a template tag, got a plain call')
  }
  const { pieces, contexts } = readOf(strings)
  let source = pieces[0] ?? ''
  // What the attribute has up to the value: the template's and that of values before it.
  let filled = ''
  for (let index = 0; index < contexts.length; index += 1) {
    const context = contexts[index] as HtmlContext
    const value = values[index]
    if (context.kind === 'attribute') {
      const text = plain(value)
      filled = `${context.isContinued ? filled : ''}${context.before}`
      const { tag, name } = context
      expectSafeAttribute({ tag, name, whole: `${filled}${text}${context.after}` }, text)
      filled += text
      source += escaped(text)
    } else if (context.kind === 'text') source += render(value)
    else throw new TypeError(`Expected no value ${context.place} of an html template, got one`)
    source += pieces[index + 1] ?? ''
  }
  return new Html(source)
}

interface ReadTemplate {
  readonly pieces: readonly string[]
  readonly contexts: readonly HtmlContext[]
}

/** Each template in the source is read once. */
const READ = new WeakMap<TemplateStringsArray, ReadTemplate>()

function readOf(strings: TemplateStringsArray): ReadTemplate {
  const known = READ.get(strings)
  if (known !== undefined) return known
  const pieces = strings.map((piece) => expectCooked(piece))
  const read = { pieces, contexts: contextsOf(pieces) }
  READ.set(strings, read)
  return read
}

/** JavaScript hands `undefined` to a tag for a piece that holds an invalid escape. */
function expectCooked(piece: string | undefined): string {
  if (piece !== undefined) return piece
  throw new TypeError(
    'Expected an html template with valid escapes only, got a "\\" that begins none: write "\\\\"',
  )
}

/**
 * Marks a string as HTML that {@link html} does not escape. Never use it for text from a user, not even a part.
 *
 * @example
 * html`<p>${trustedHtml('Aoba 1-2-3<br>Sendai')}</p>`
 */
export function trustedHtml(source: string): Html {
  return new Html(source)
}

/** In one pass without a callback, which would take most of the time of a render. */
function escaped(text: string): string {
  let at = text.search(/[&<>"']/)
  if (at < 0) return text
  let safe = ''
  let from = 0
  for (; at < text.length; at += 1) {
    const entity = ENTITIES[text.charCodeAt(at)]
    if (entity === undefined) continue
    safe += text.slice(from, at) + entity
    from = at + 1
  }
  return safe + text.slice(from)
}

/** A value as the text of an attribute. */
function plain(value: HtmlValue): string {
  if (value instanceof Html) {
    throw new TypeError('Expected a text in an attribute of an html template, got Html')
  }
  if (Array.isArray(value)) return value.map((item: HtmlValue) => plain(item)).join('')
  return textOf(value as Exclude<HtmlValue, Html | readonly HtmlValue[]>)
}

function render(value: HtmlValue): string {
  if (typeof value === 'string') return escaped(value)
  if (value instanceof Html) return value.toString()
  if (Array.isArray(value)) {
    let source = ''
    for (const item of value as readonly HtmlValue[]) source += render(item)
    return source
  }
  return escaped(textOf(value as Exclude<HtmlValue, Html | readonly HtmlValue[]>))
}

function textOf(value: Exclude<HtmlValue, Html | readonly HtmlValue[]>): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw expected('a value in html to be a string, a number, Html or a list of them', value)
}
