/** A link of a page to another page, or into one. */
export interface PageLink {
  /** As it is written; `''` for the page itself. */
  readonly file: string
  /** The heading's anchor; `undefined` when the link is to the whole page. */
  readonly anchor: string | undefined
}

/** The links of a page that lead nowhere outside. */
export function pageLinks(page: string): PageLink[] {
  const links = page.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)
  return Array.from(links, ([, file = '', anchor]) => ({ file, anchor }))
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  const text = page.replaceAll(/^```[\s\S]*?^```$/gm, '')
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\p{Mark}\s_-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let times = 1; anchors.has(anchor); times += 1) anchor = `${slug}-${times}`
    anchors.add(anchor)
  }
  return anchors
}
