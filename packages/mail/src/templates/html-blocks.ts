/** Elements that begin a line of their own, besides those that html-to-text knows to. */
export const FURTHER_BLOCKS: readonly string[] = [
  ...[
    'address',
    'caption',
    'center',
    'dd',
    'details',
    'dl',
    'dt',
    'fieldset',
    'figcaption',
    'figure',
  ],
  ...['legend', 'summary', 'tr'],
]

const BLOCKS: ReadonlySet<string> = new Set([
  ...FURTHER_BLOCKS,
  ...[
    'article',
    'aside',
    'blockquote',
    'br',
    'div',
    'footer',
    'form',
    'header',
    'hr',
    'main',
    'nav',
    'ol',
  ],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'pre', 'section', 'table', 'td', 'th', 'ul'],
])

/** @param parent what it stands in: a list makes a block of all that does */
export function isBlock(name: string, parent?: string): boolean {
  return BLOCKS.has(name) || parent === 'ul' || parent === 'ol'
}
