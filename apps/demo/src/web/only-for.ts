import { createMiddleware } from 'hono/factory'
import type { MiddlewareHandler } from 'hono'
import type { Environment } from './environment.ts'
import { Invalid } from './invalid.ts'

/**
 * Answers only requests for the app's own host. A page elsewhere whose name was made to point at this
 * machine (DNS rebinding) names itself in `Host`, and gets nothing.
 */
export function onlyFor(publicUrl: string): MiddlewareHandler<Environment> {
  const { host, origin } = new URL(publicUrl)
  return createMiddleware<Environment>(async (c, next) => {
    if (new URL(c.req.url).host === host) return await next()
    const text = { ja: `${origin} を開いてください`, en: `is not served here: open ${origin}` }
    throw new Invalid([{ field: 'host', text }], 421)
  })
}
