import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { digestOf, FOLDERS, outOfStep, PAGES, pagesIn, pagesInBoth, readNotes } from './in-step.ts'
import { linksToEnglish, lostLinks, proseOf, shapeOf } from './page-shape.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Of no use in English. */
const ONLY_JAPANESE = 'glossary.md'

test.each(FOLDERS)('%s: each page is there in Japanese', (folder) => {
  expect(pagesIn(`ja/${folder}`)).toEqual(pagesIn(folder))
})

test('there is no page in Japanese that is not held to the English', () => {
  expect(pagesIn('ja').toSorted()).toEqual([...PAGES, ONLY_JAPANESE].toSorted())
})

const pages = [
  ...FOLDERS.flatMap((name) => pagesIn(`ja/${name}`).map((page) => join(name, page))),
  ...PAGES,
]

describe.each(pages)('%s in Japanese', (name) => {
  const path = `docs/ja/${name}`
  const page = read(path)

  test('has the shape of the English', () => {
    expect(shapeOf(page, path)).toEqual(shapeOf(read(`docs/${name}`), `docs/${name}`))
  })

  test('has links that lead somewhere, and to the Japanese where there is one', () => {
    expect(lostLinks(page, path)).toEqual([])
    expect(linksToEnglish(page, path)).toEqual([])
  })

  test('is written in Japanese', () => {
    const paragraphs = proseOf(page)
      .replaceAll(/`[^`]*`/g, '')
      .split(/\n\s*\n/)
      .filter((text) => !text.startsWith('<') && /[a-z]{3} [a-z]{3}/i.test(text))
    expect(paragraphs.filter((text) => !/[ぁ-んァ-ヶ一-龠]/.test(text))).toEqual([])
  })
})

test('the README in Japanese has the shape of the English, but for the comments of its code', () => {
  const readme = (name: string): unknown => {
    const shape = shapeOf(read(name).replace(/^\[.*\]\(README\..*\)$/m, ''), name)
    const code = shape.code.map((text) => text.replaceAll(/ *(?:\/\/|#) .*$/gm, ''))
    return { ...shape, code }
  }
  expect(readme('README.ja.md')).toEqual(readme('README.md'))
})

describe('what was read beside its translation last', () => {
  test('is what each English page says now: `pnpm japanese` says what to do', () => {
    expect(outOfStep()).toEqual([])
    expect(Object.keys(readNotes())).toEqual(pagesInBoth())
  })

  test('is another text as soon as a word of a sentence changes, and the same after a reflow', () => {
    const page = '# A title\n\nIt may be repeated.\n\n```ts\nrun()\n```\n'
    expect(digestOf(page.replace('may', 'must not'))).not.toBe(digestOf(page))
    expect(digestOf(page.replace('be repeated', 'be\nrepeated'))).toBe(digestOf(page))
    expect(digestOf(page.replace('run()', 'go()'))).toBe(digestOf(page))
  })
})
