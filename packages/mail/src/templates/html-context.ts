/** A tag of a template. */
export interface HtmlTag {
  /** In lower case; `''` for the end of an element. */
  readonly element: string
  /** Whether it has `http-equiv`, before or after the value. */
  isPragma: boolean
}

/** Where a value stands in a template. */
export type HtmlContext =
  | { readonly kind: 'text' }
  | {
      readonly kind: 'attribute'
      readonly tag: HtmlTag
      readonly name: string
      /** What the template has between the beginning of the attribute, or the value before, and this one. */
      readonly before: string
      /** What it has after it, up to the next value or the end of the attribute. */
      readonly after: string
      /** Whether the value before it is in the same attribute. */
      readonly isContinued: boolean
    }
  | { readonly kind: 'nowhere'; readonly place: string }

/** What the template is in the midst of. */
type State =
  | { readonly in: 'text' }
  | { readonly in: 'comment' }
  /** Between `<` and `>`, outside of any value. */
  | { readonly in: 'tag'; readonly tag: HtmlTag }
  | {
      readonly in: 'value'
      readonly tag: HtmlTag
      readonly name: string
      readonly quote: '"' | "'"
    }
  | { readonly in: 'unquoted'; readonly tag: HtmlTag }
  /** Within `<style>`, `<script>` and the like, whose text is no HTML. */
  | { readonly in: 'raw'; readonly tag: HtmlTag }

/** Elements whose text a browser does not read as HTML. */
const RAW: ReadonlySet<string> = new Set([
  'script',
  'style',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
])

const TEXT: State = { in: 'text' }

/** Stands for the `&` of a template, which may begin any character; a value's own `&` is escaped. */
export const ENTITY = '\uffff'

/**
 * Where each value of a template stands. The template is read as a browser reads it, as far as that
 * decides what a value could do: escaping makes it safe in text and in quoted attributes, and nowhere else.
 *
 * @throws {TypeError} unless it ends in text: what follows it, in another template, would be within its tag,
 * value, comment, style sheet or script
 */
export function contextsOf(pieces: readonly string[]): readonly HtmlContext[] {
  const contexts: HtmlContext[] = []
  let state: State = TEXT
  for (const [index, piece] of pieces.entries()) {
    const read = readPiece(piece, state)
    const isContinued = read.state === state
    state = read.state
    const after = pieces[index + 1]
    if (after !== undefined) contexts.push(contextIn({ ...read, isContinued, after }))
  }
  if (state.in !== 'text') {
    throw new TypeError(
      `Expected an html template to end in text, got one that ends ${placeOf(state)}`,
    )
  }
  return contexts
}

function contextIn({
  state,
  before,
  after,
  isContinued,
}: Read & { readonly after: string; readonly isContinued: boolean }): HtmlContext {
  if (state.in === 'text') return { kind: 'text' }
  if (state.in !== 'value') return { kind: 'nowhere', place: placeOf(state) }
  const { tag, name, quote } = state
  return {
    kind: 'attribute',
    tag,
    name,
    before: marked(before),
    after: marked(after.split(quote, 1)[0] ?? ''),
    isContinued,
  }
}

function marked(source: string): string {
  // One that is written out as `&amp;` begins nothing.
  return source.replaceAll('&amp;', '%26').replaceAll('&', ENTITY)
}

function placeOf(state: Exclude<State, { readonly in: 'text' }>): string {
  switch (state.in) {
    case 'comment':
      return 'in a comment'
    case 'raw':
      return `in <${state.tag.element}>`
    case 'unquoted':
      return 'in an attribute without quotes'
    case 'value':
      return 'in an attribute'
    default:
      return 'within a tag, outside of quotes'
  }
}

interface Read {
  readonly state: State
  /** What it has of the attribute that it ends in. */
  readonly before: string
}

function readPiece(piece: string, start: State): Read {
  let state = start
  let before = ''
  for (let at = 0; at < piece.length;) {
    const rest = piece.slice(at)
    if (state.in === 'text') {
      const tag = /<(?:(!--)|\/?([a-z][^\s/>]*)|[!?/])/i.exec(rest)
      // A `<` at the very end: what follows is a value.
      if (tag === null)
        return { state: rest.endsWith('<') ? { in: 'tag', tag: tagOf('') } : state, before }
      at += tag.index + tag[0].length
      if (tag[1] !== undefined) state = { in: 'comment' }
      else state = { in: 'tag', tag: tagOf(tag[0].startsWith('</') ? '' : (tag[2] ?? '')) }
    } else if (state.in === 'comment') {
      const end = rest.indexOf('-->')
      if (end < 0) return { state, before }
      at += end + 3
      state = TEXT
    } else if (state.in === 'raw') {
      const end = rest.toLowerCase().indexOf(`</${state.tag.element}`)
      if (end < 0) return { state, before }
      at += end + 2 + state.tag.element.length
      state = { in: 'tag', tag: tagOf('') }
    } else if (state.in === 'value') {
      const end = rest.indexOf(state.quote)
      before += end < 0 ? rest : rest.slice(0, end)
      if (end < 0) return { state, before }
      at += end + 1
      state = { in: 'tag', tag: state.tag }
    } else if (state.in === 'unquoted') {
      const end = /[\s>]/.exec(rest)
      if (end === null) return { state, before }
      at += end.index
      state = { in: 'tag', tag: state.tag }
    } else {
      const next = /(>)|(?<![^\s"'<>/=])([^\s"'<>/=]+)\s*=\s*(["']?)/.exec(rest)
      if (next === null) return { state, before }
      at += next.index + next[0].length
      if (next[1] === undefined) {
        before = ''
        state = valueOf(state.tag, next[2] ?? '', next[3] ?? '')
      } else state = RAW.has(state.tag.element) ? { in: 'raw', tag: state.tag } : TEXT
    }
  }
  return { state, before }
}

function tagOf(element: string): HtmlTag {
  return { element: element.toLowerCase(), isPragma: false }
}

function valueOf(tag: HtmlTag, given: string, quote: string): State {
  const name = given.toLowerCase()
  if (name === 'http-equiv') tag.isPragma = true
  if (quote !== '"' && quote !== "'") return { in: 'unquoted', tag }
  return { in: 'value', tag, name, quote }
}
