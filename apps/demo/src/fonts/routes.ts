import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'
import { allow } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { notFound } from '../web/invalid.ts'
import { FONTS_PATH } from './fonts-path.ts'

const SHEET = fileURLToPath(import.meta.resolve('@fontsource-variable/noto-sans-jp'))
const FILE = /\.\/files\/([\w[\]-]+\.woff2)/g

/**
 * Noto Sans JP, so that Japanese is shown wherever there is no font for it. A browser takes the parts that
 * a page needs, of some 5 kB to 60 kB.
 */
export function fontRoutes(): Hono<Environment> {
  const routes = new Hono<Environment>()
  const sheet = readFileSync(SHEET, 'utf8')
  // Only what the sheet names is served.
  const names = new Set(Array.from(sheet.matchAll(FILE), ([, name]) => name))
  const served = sheet.replaceAll(FILE, '/fonts/$1')
  const headers = { 'cache-control': 'public, max-age=604800' }

  routes.get(FONTS_PATH, allow('anyone'), (c) =>
    c.body(served, 200, { ...headers, 'content-type': 'text/css; charset=utf-8' }),
  )

  routes.get('/fonts/:name', allow('anyone'), async (c) => {
    const name = c.req.param('name')
    if (!names.has(name))
      throw notFound('name', { ja: 'フォントがありません', en: 'names no font' })
    const bytes = await readFile(
      new URL(`files/${name}`, import.meta.resolve('@fontsource-variable/noto-sans-jp')),
    )
    return c.body(Uint8Array.from(bytes), 200, { ...headers, 'content-type': 'font/woff2' })
  })

  return routes
}
