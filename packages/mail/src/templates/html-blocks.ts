const words = (list: string): readonly string[] => list.split(' ')

/** Elements that begin a line of their own, besides those that html-to-text knows to. */
export const FURTHER_BLOCKS: readonly string[] = words(
  'address caption center dd details dl dt fieldset figcaption figure legend summary tr',
)

const KNOWN = words(
  'article aside blockquote br div footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table td th ul',
)

const BLOCKS: ReadonlySet<string> = new Set(FURTHER_BLOCKS.concat(KNOWN))

/** @param parent what it stands in: a list makes a block of all that does */
export function isBlock(name: string, parent?: string): boolean {
  return BLOCKS.has(name) || parent === 'ul' || parent === 'ol'
}
