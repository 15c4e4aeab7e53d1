import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { anchorsOf, pageLinks, type PageLink } from './page-links.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const FENCE = /^```\w*[^\n]*\n[\s\S]*?\n```$/gm
const JAPANESE = /^docs\/ja\//

/** What is the same in a page and in its translation. */
export interface PageShape {
  readonly code: readonly string[]
  /** The level of each heading. */
  readonly headings: readonly number[]
  /** How many paragraphs, tables and programs stand before the first heading, and below each. */
  readonly blocks: readonly number[]
  /** The rows and columns of each table. */
  readonly tables: readonly (readonly [rows: number, columns: number])[]
  /** How many items the lists have. */
  readonly items: number
  /** Where the links lead: the page in English, and the number of its heading. */
  readonly links: readonly string[]
  /** What stands between backquotes, each once. */
  readonly names: readonly string[]
}

/** The shape of a page, whose path is from the root of the repository. */
export function shapeOf(page: string, path: string): PageShape {
  const prose = proseOf(page)
  return {
    code: page.match(FENCE) ?? [],
    headings: Array.from(prose.matchAll(/^(#+) /gm), ([, level = '']) => level.length),
    blocks: page
      .replaceAll(FENCE, '(code)')
      .split(/^#+ .*$/m)
      .map((section) => section.split(/\n\s*\n/).filter((block) => block.trim() !== '').length),
    tables: Array.from(prose.matchAll(/^\|.*(?:\n\|.*)*/gm), ([table]) => {
      const rows = table.split('\n')
      return [rows.length, cellsOf(rows[0] ?? '')]
    }),
    items: prose.match(/^ *(?:-|\d+\.) /gm)?.length ?? 0,
    links: [
      ...pageLinks(prose).map((link) => placeOf(link, path)),
      ...Array.from(prose.matchAll(/\]\((https?:[^()\s]+)\)/g), ([, url = '']) => url),
    ].sort(),
    names: [
      ...new Set(prose.match(/`[^`]+`/g)?.map((name) => name.replaceAll(/\s+/g, ' '))),
    ].sort(),
  }
}

/** A page without its code. */
export const proseOf = (page: string): string => page.replaceAll(FENCE, '')

/** The links of a page that lead to no file, or to no heading of it. */
export function lostLinks(page: string, path: string): PageLink[] {
  return pageLinks(page).filter((link) => {
    const target = targetOf(link, path)
    if (!existsSync(join(root, target))) return true
    return link.anchor !== undefined && target.endsWith('.md') && headingOf(link, target) < 0
  })
}

/** The links of a page that lead to a page in English which there is in Japanese too. */
export function linksToEnglish(page: string, path: string): PageLink[] {
  return pageLinks(page).filter((link) => {
    const target = targetOf(link, path)
    const japanese = target.replace(/^docs\//, 'docs/ja/')
    return target.endsWith('.md') && japanese !== target && !JAPANESE.test(target)
      ? existsSync(join(root, japanese))
      : false
  })
}

const cellsOf = (row: string): number => row.replaceAll(/\\\||`[^`]*`/g, '').split('|').length - 2

const targetOf = ({ file }: PageLink, path: string): string =>
  file === '' ? path : relative(root, join(root, dirname(path), file))

const headingOf = ({ anchor = '' }: PageLink, target: string): number =>
  [...anchorsOf(readFileSync(join(root, target), 'utf8'))].indexOf(anchor)

function placeOf(link: PageLink, path: string): string {
  const target = targetOf(link, path)
  const heading =
    link.anchor === undefined || !target.endsWith('.md') ? '' : `#${headingOf(link, target)}`
  return target.replace(JAPANESE, 'docs/') + heading
}
