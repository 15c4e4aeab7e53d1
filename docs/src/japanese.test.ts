import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { anchorsOf, pageLinks } from './page-links.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
const read = (...path: string[]): string => readFileSync(join(docs, ...path), 'utf8')

/** What stands in Japanese beside the English: folders, and pages. */
const FOLDERS = ['field-guide', '.']

const FENCE = /^```\w*[^\n]*\n[\s\S]*?\n```$/gm

const pagesIn = (...path: string[]): string[] =>
  readdirSync(join(docs, ...path)).filter((name) => name.endsWith('.md'))

/** What is the same in both languages. */
function shapeOf(page: string): unknown {
  const prose = page.replaceAll(FENCE, '')
  return {
    code: page.match(FENCE),
    headings: Array.from(prose.matchAll(/^(#+) /gm), ([, level]) => level),
    rows: prose.match(/^\|/gm)?.length,
    links: pageLinks(prose)
      .map(({ file }) => file.replace(/^(\.\.\/)+/, ''))
      .sort(),
  }
}

/** The headings that a page links: the page they are on, and which one of it. */
function headingsLinkedFrom(path: string): string[] {
  return pageLinks(read(path).replaceAll(FENCE, ''))
    .filter(({ file, anchor }) => anchor !== undefined && (file === '' || file.endsWith('.md')))
    .map(({ file, anchor = '' }) => {
      const target = file === '' ? path : join(dirname(path), file)
      const at = [...anchorsOf(read(target))].indexOf(anchor)
      return `${target.replace(/^ja\//, '')} heading ${at}`
    })
    .sort()
}

describe.each(FOLDERS)('%s in Japanese', (folder) => {
  const pages = pagesIn('ja', folder)

  test('has the same pages', () => {
    // Not all pages of the first floor are there yet.
    const english = pagesIn(folder).filter((page) => folder !== '.' || pages.includes(page))
    expect(pages).toEqual(english)
  })

  test.each(pages)('%s: has the same code, headings, tables and links', (page) => {
    expect(shapeOf(read('ja', folder, page))).toEqual(shapeOf(read(folder, page)))
  })

  test.each(pages)('%s: its links lead somewhere', (page) => {
    const here = join(docs, 'ja', folder)
    const lost = pageLinks(read('ja', folder, page)).filter(({ file, anchor }) => {
      const target = file === '' ? join(here, page) : join(here, file)
      if (!existsSync(target)) return true
      if (anchor === undefined || !target.endsWith('.md')) return false
      return !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
    })
    expect(lost).toEqual([])
  })

  test.each(pages)('%s: its links lead to the same headings', (page) => {
    expect(headingsLinkedFrom(join('ja', folder, page))).toEqual(
      headingsLinkedFrom(join(folder, page)),
    )
  })

  test.each(pages)('%s: is written in Japanese', (page) => {
    const prose = read('ja', folder, page)
      .replaceAll(FENCE, '')
      .replaceAll(/`[^`]*`/g, '')
    const paragraphs = prose
      .split(/\n\s*\n/)
      .filter((text) => !text.startsWith('<') && /[a-z]{3} [a-z]{3}/i.test(text))
    expect(paragraphs.filter((text) => !/[ぁ-んァ-ヶ一-龠]/.test(text))).toEqual([])
  })
})

test('the README in Japanese has the same code, headings, tables and links', () => {
  const readme = (name: string): unknown =>
    shapeOf(read('..', name).replace(/^\[.*\]\(README\..*\)$/m, ''))
  expect(readme('README.ja.md')).toEqual(readme('README.md'))
})
