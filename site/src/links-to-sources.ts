import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/**
 * Makes the links of a page, which are right in the repository, right on the site: `README.md` is the index
 * of its folder, and what is no page (a test, a folder, a picture) is shown by the repository. A whole link
 * to a page in the repository, as npm needs it in a README, is one to the page on the site.
 */
export function linksToSources(md: MarkdownRenderer, repository: string): void {
  md.core.ruler.push('links-to-sources', ({ tokens, env }) => {
    const page = (env as { readonly relativePath: string }).relativePath
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href !== null) token.attrSet('href', onSite(href, page, repository))
    }
  })
}

function onSite(written: string, page: string, repository: string): string {
  const href = fromHere(written, page, repository)
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return href
  const [path = '', anchor] = href.split('#')
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (!path.endsWith('.md')) {
    return `${repository}/blob/main/${posix.join(posix.dirname(page), path)}${hash}`
  }
  return path.replace(/(^|\/)README\.md$/, '$1index.md') + hash
}

/** `https://github.com/…/blob/main/docs/start.md` → `../../docs/start.md`, for the pages that the site has. */
function fromHere(href: string, page: string, repository: string): string {
  const path = href.startsWith(`${repository}/blob/main/`)
    ? href.slice(`${repository}/blob/main/`.length)
    : ''
  const isPage = /^(?:docs|packages)\/[^#]*\.md(?:#|$)/.test(path)
  return isPage ? posix.relative(posix.dirname(page), path) : href
}
