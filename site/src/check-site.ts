/** Checks each link and anchor between the pages of the site that was built, and the lines of Japanese. */
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from './packages.ts'

const folder = join(root, 'site/dist')
const pages = new Map(
  globSync('**/*.html', { cwd: folder }).map((page) => [
    `/${page}`,
    readFileSync(join(folder, page), 'utf8'),
  ]),
)
const anchors = new Map([...pages].map(([page, html]) => [page, new Set(valuesOf(html, 'id'))]))

let count = 0
const broken = new Set<string>()
for (const [page, html] of pages) {
  for (const href of valuesOf(html, 'href')) {
    if (/^[a-z]+:/.test(href) || /\.(?:css|js|svg|woff2)$/.test(href)) continue
    count += 1
    const [path = '', anchor = ''] = href.split('#')
    const target = path === '' ? page : posix.resolve(posix.dirname(page), decodeURI(path))
    const file = path.endsWith('/') ? posix.join(target, 'index.html') : target
    const found = anchors.get(file) ?? anchors.get(`${file}.html`)
    const leads = found !== undefined && (anchor === '' || found.has(decodeURIComponent(anchor)))
    if (!leads) broken.add(`${page}: ${href} leads nowhere`)
  }
}
for (const [page, html] of pages) {
  const prose = html.replaceAll(/<pre[\s\S]*?<\/pre>/g, '')
  if (/[ぁ-ヿ一-龠、。]\n[ぁ-ヿ一-龠]/.test(prose))
    broken.add(`${page}: a line ends within Japanese`)
}
for (const line of broken) console.error(line)
console.log(`${pages.size} pages, ${count} links, ${broken.size} faults`)
if (broken.size > 0 || pages.size < 100) process.exitCode = 1

function valuesOf(html: string, attribute: 'href' | 'id'): string[] {
  return Array.from(html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g')), ([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  )
}
