/** A link of a page to another page, or into one. */
export interface PageLink {
  /** As it is written; `''` for the page itself. */
  readonly file: string
  /** The heading's anchor; `undefined` when the link is to the whole page. */
  readonly anchor: string | undefined
}

/** The links of a page that lead nowhere outside. */
export function pageLinks(page: string): PageLink[] {
  const targets = Array.from(page.matchAll(/\]\(([^()\s]+)\)/g), ([, target = '']) => target)
  return targets
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [file = '', anchor] = target.split('#')
      return { file, anchor }
    })
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  let isCode = false
  for (const line of page.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode
    const heading = isCode ? undefined : /^#{1,6} (.+)$/.exec(line)?.[1]
    if (heading === undefined) continue
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
