import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { originalExamples } from './original-examples.ts'
import { originalNames } from './original-names.ts'
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

const lines = linesOf('field-guide/README.md')

describe('the table of the original’s examples', () => {
  test('has a line for each section of the documents, once and in their order', () => {
    const listed = Map.groupBy(lines, ({ document }) => document)
    expect([...listed.keys()]).toEqual([...originalExamples.keys()])
    for (const [document, examples] of originalExamples) {
      const sections = listed.get(document)?.map(({ section }) => section)
      expect(sections).toEqual(examples.map(({ section }) => section))
    }
  })

  test('leads to an example that runs, wherever the document shows code', () => {
    const showCode = new Set(
      Array.from(originalExamples, ([document, examples]) =>
        examples.filter(({ code }) => code > 0).map(({ section }) => `${document} ${section}`),
      ).flat(),
    )
    const shown = lines.filter(({ document, section }) => showCode.has(`${document} ${section}`))
    expect(shown.length).toBeGreaterThan(60)
    const lost = shown.filter(({ page }) => {
      const [{ file, anchor } = { file: '', anchor: undefined }] = pageLinks(page)
      return !/^```ts$/m.test(sectionOf(read(`field-guide/${file}`), anchor))
    })
    expect(lost).toEqual([])
  })

  test('leads to the same places in Japanese', () => {
    const place = (readme: string) =>
      linesOf(readme).map((line) => {
        const [{ file, anchor } = { file: '', anchor: undefined }] = pageLinks(line.page)
        const headings = [...anchorsOf(read(join(dirname(readme), file)))]
        return [line.document, file, anchor && headings.indexOf(anchor), line.test]
      })
    expect(place('ja/field-guide/README.md')).toEqual(place('field-guide/README.md'))
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

describe.each(['field-guide/names.md', 'ja/field-guide/names.md'])('%s', (path) => {
  const theirs = read(path)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | ')[0])
  const listed = new Set(theirs.join(' ').match(/\w+/g))

  test.each([...originalNames.keys()])('has each name that document %s shows', (document) => {
    const names = originalNames.get(document) ?? []
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !listed.has(name))).toEqual([])
  })
})

test('the examples are all that the documents have', () => {
  const all = [...originalExamples.values()].flat()
  const sum = (what: 'code' | 'drawn') => all.reduce((total, example) => total + example[what], 0)
  expect([sum('code'), sum('drawn')]).toEqual([89, 20])
})

/** What is a list of answers, or of pages. */
const LISTS = new Set(['README.md', 'names.md', 'operations-checklist.md', 'questions.md'])

describe.each(pages.filter((page) => !LISTS.has(page)))('%s', (page) => {
  test('shows Python, says what is different and which mistakes it prevents', () => {
    const text = read(join('field-guide', page))
    expect(text).toMatch(/^```python$/m)
    expect(text).toMatch(/^## What is different, and why$/m)
    expect(text).toMatch(/^## What it prevents$/m)
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

function linesOf(readme: string): readonly Line[] {
  return read(readme)
    .split('\n')
    .filter((line) => /^\| 00\d /.test(line))
    .map((line) => {
      const cells = line.split(' | ').map((cell) => cell.replaceAll(/^\||\|$/g, '').trim())
      const [document = '', section = '', page = '', name = ''] = cells
      return { document, section, page, test: name.replaceAll('`', '') }
    })
}

/** What stands under a heading, or above the first one below the title. */
function sectionOf(page: string, anchor: string | undefined): string {
  const parts = page.split(/^(?=## )/m)
  if (anchor === undefined) return parts[0] ?? ''
  return parts.find((part) => anchorsOf(part).has(anchor)) ?? ''
}

/** Whether `guide.test.ts` makes a test of this name, and one that runs something if it says so. */
function isTest(name: string): boolean {
  const [path = '', what = ''] = name.split(': ')
  const isPage = readdirSync(join(docs, dirname(path))).includes(`${basename(path)}.md`)
  if (!isPage) return false
  if (what === 'its examples run') return /^```ts$/m.test(read(`${path}.md`))
  return what === 'its links lead somewhere'
}
