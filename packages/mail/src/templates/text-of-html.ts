import { compile, type FormatCallback } from 'html-to-text'
import { flatText } from './flat-text.ts'
import { FURTHER_BLOCKS } from './html-blocks.ts'
import { isForPeople } from './html-shape.ts'
import type { Html } from './html.ts'

/** RFC 5322, 2.1.1, has 78; long words and links are never broken. */
const LINE = 78

/** Forty times what Gmail shows. */
const MOST_LETTERS = 1 << 22

/** The last number that Roman numerals have. */
const MOST_ROMAN = 3_999

/** Where a list begins, and how it counts, are a caller's: the library trips over numbers that no list has. */
const numbered: FormatCallback = (element, walk, builder, options) => {
  const { attribs, children } = element as {
    readonly attribs: { start?: string; type?: string }
    readonly children: readonly unknown[]
  }
  const start = Number(attribs.start ?? 1)
  if (!Number.isSafeInteger(start)) delete attribs.start
  if (!(start >= 1 && start + children.length <= MOST_ROMAN)) delete attribs.type
  builder.options.formatters?.['orderedList']?.(element, walk, builder, options)
}

const convert = compile({
  wordwrap: LINE,
  // What is longer is cut off here, and not with a word on the console.
  limits: { maxInputLength: MOST_LETTERS },
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true } },
    { selector: 'ol', format: 'numbered' },
    { selector: 'img', options: { linkBrackets: false }, format: 'alternative' },
    { selector: 'table', format: 'block' },
    ...FURTHER_BLOCKS.map((selector) => ({
      selector,
      options: { leadingLineBreaks: 1, trailingLineBreaks: 1 },
      format: 'block',
    })),
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false },
    })),
  ],
  formatters: {
    numbered,
    alternative: (element, _walk, builder) => {
      const { alt } = element.attribs as { readonly alt?: string }
      if (alt) builder.addInline(alt)
    },
    cell: (element, walk, builder) => {
      walk(element.children, builder)
      builder.addInline(' ')
    },
  },
})

/**
 * The text of HTML for readers without it: links with their addresses, a picture's alternative text, the
 * cells of a table's row in a line. It takes time in proportion to the HTML, whatever that is: of what has no
 * shape of a mail for people (500 elements in each other, 20 lists or quotes, words in thousands of pieces), only the
 * words. Of more than 4 Mi characters, what is in those.
 */
export function textOfHtml(html: Html | string): string {
  const source = html.toString().slice(0, MOST_LETTERS)
  if (!isForPeople(source)) return flatText(source)
  return convert(source)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
