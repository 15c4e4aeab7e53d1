import { Hono } from 'hono'
import type { Child, FC } from 'hono/jsx'
import { allow } from './access.ts'
import type { Environment } from './environment.ts'

const PATH = '/live.js'

/**
 * Looks for the page anew and shows what has changed in its live part. A page that has none any more is what was
 * waited for, and is shown as a whole.
 */
const SCRIPT = `const seconds = Number(document.currentScript.dataset.seconds)
const live = document.querySelector('[data-live]')
const look = async () => {
  const answer = await fetch(location.href).catch(() => undefined)
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const next = page.querySelector('[data-live]')
    if (next === null) return location.reload()
    if (next.innerHTML !== live.innerHTML) live.innerHTML = next.innerHTML
  }
  setTimeout(look, seconds * 1000)
}
setTimeout(look, seconds * 1000)
`

/** A part of a page that is kept up to date; read out when it changes, unless it is `quiet`. One a page. */
export const Live: FC<{ seconds: number; quiet?: boolean; children?: Child }> = ({
  seconds,
  quiet = false,
  children,
}) => (
  <>
    <div data-live aria-live={quiet ? 'off' : 'polite'}>
      {children}
    </div>
    <script src={PATH} data-seconds={String(seconds)}></script>
  </>
)

/** Serves the script of {@link Live}. */
export function liveRoutes(): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.get(PATH, allow('anyone'), (c) =>
    c.body(SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=3600',
    }),
  )
  return routes
}
