import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { anchorsOf, pageLinks } from './page-links.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(docs, path), 'utf8')
const pages = readdirSync(join(docs, 'field-guide'))

/** A line of the table of the original's examples. */
interface Line {
  readonly document: string
  readonly section: string
  readonly page: string
  readonly test: string
}

const lines: readonly Line[] = read('field-guide/README.md')
  .split('\n')
  .filter((line) => /^\| 00\d /.test(line))
  .map((line) => {
    const [, document = '', section = '', page = '', name = ''] = line
      .split(' | ')
      .flatMap((cell, at) => (at === 0 ? ['', cell.replace('| ', '')] : [cell]))
      .map((cell) => cell.replace(/\s*\|$/, '').trim())
    return { document, section, page, test: name.replaceAll('`', '') }
  })

describe('the table of the original’s examples', () => {
  test('has a line for each document and section, once', () => {
    expect(lines.length).toBeGreaterThan(90)
    expect(new Set(lines.map(({ document }) => document)).size).toBe(5)
    const keys = lines.map(({ document, section }) => `${document} ${section}`)
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
  })

  test('names tests that there are', () => {
    const lost = lines.filter((line) => !isTest(line.test))
    expect(lost).toEqual([])
  })

  test('names the test of the page that it links', () => {
    const wrong = lines.filter((line) => {
      const [{ file } = { file: '' }] = pageLinks(line.page)
      const path = normalize(join('field-guide', file)).replace('.md', '')
      return !line.test.startsWith(`${path}: `)
    })
    expect(wrong).toEqual([])
  })

  test('misses no page of the field guide', () => {
    const linked = new Set(lines.flatMap(({ page }) => pageLinks(page).map(({ file }) => file)))
    expect(pages.filter((page) => page !== 'README.md' && !linked.has(page))).toEqual([])
  })
})

describe.each(pages)('%s', (page) => {
  test('links headings that there are', () => {
    const path = join('field-guide', page)
    const lost = pageLinks(read(path)).filter(({ file, anchor }) => {
      if (anchor === undefined || (file !== '' && !file.endsWith('.md'))) return false
      return !anchorsOf(read(file === '' ? path : join(dirname(path), file))).has(anchor)
    })
    expect(lost).toEqual([])
  })
})

/** Whether `guide.test.ts` makes a test of this name, and one that runs something if it says so. */
function isTest(name: string): boolean {
  const [path = '', what = ''] = name.split(': ')
  const isPage = readdirSync(join(docs, dirname(path))).includes(`${basename(path)}.md`)
  if (!isPage) return false
  if (what === 'its examples run') return /^```ts$/m.test(read(`${path}.md`))
  return what === 'its links lead somewhere'
}
