import type { Hono } from 'hono'
import { allow, guardedRoutes } from './access.ts'
import type { Environment } from './environment.ts'

/** Paths that are never shown as pages. */
const NO_PAGES = /^\/(?:api|webhooks)\//

/**
 * Gives the address of every form that is no page of its own, such as `/requests/:id/decision`, the page above it: a
 * refused form is shown there, and from there a browser asks for it as a page, by a link to the other language, the
 * address bar, or a bookmark.
 */
export function leadBack(web: Hono<Environment>): void {
  const routes = guardedRoutes(web)
  const pages = new Set(routes.filter(({ method }) => method === 'GET').map(({ path }) => path))
  for (const { method, path } of routes) {
    if (method !== 'POST' || pages.has(path) || NO_PAGES.test(path)) continue
    const depth = depthOfPage(path, pages)
    web.get(path, allow('anyone'), (c) => {
      // As it was sent: what is decoded in it could end the header, or name another host.
      const { pathname } = new URL(c.req.url)
      return c.redirect(pathname.split('/').slice(0, depth).join('/') || '/')
    })
  }
}

/** How many segments of a path its nearest page has; the front door is above all. */
function depthOfPage(path: string, pages: ReadonlySet<string>): number {
  const segments = path.split('/')
  for (let depth = segments.length - 1; depth > 1; depth -= 1) {
    if (pages.has(segments.slice(0, depth).join('/'))) return depth
  }
  return 1
}
