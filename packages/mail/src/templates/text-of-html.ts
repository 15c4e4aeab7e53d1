import { compile } from 'html-to-text'
import type { Html } from './html.ts'

/** RFC 5322, 2.1.1, has 78; long words and links are never broken. */
const LINE = 78

/** Each level takes a piece of the stack. No mail for people comes near it; what is deeper becomes "...". */
const MOST_LEVELS = 500

const convert = compile({
  wordwrap: LINE,
  limits: { maxInputLength: 1 << 22, maxDepth: MOST_LEVELS },
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true } },
    { selector: 'img', options: { linkBrackets: false }, format: 'alternative' },
    { selector: 'table', format: 'block' },
    { selector: 'tr', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 }, format: 'block' },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false },
    })),
  ],
  formatters: {
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
 * cells of a table's row in a line.
 */
export function textOfHtml(html: Html | string): string {
  return convert(html.toString())
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
