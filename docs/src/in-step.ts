import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { proseOf } from './page-shape.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const NOTES = join(root, 'docs/ja/in-step.json')

/** The folders and the pages of `docs` that are there in both languages. */
export const FOLDERS: readonly string[] = ['field-guide', 'guide']
export const PAGES: readonly string[] = ['compare.md', 'operations.md', 'semantics.md', 'start.md']

/** The pages in a folder of `docs`. */
export const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, 'docs', folder)).filter((name) => name.endsWith('.md'))

/** All pages that are there in both languages, by the path of the English one from the root. */
export const pagesInBoth = (): string[] => [
  'README.md',
  ...FOLDERS.flatMap((name) => pagesIn(name).map((page) => `docs/${name}/${page}`)),
  ...PAGES.map((page) => `docs/${page}`),
]

/** A digest of what a page says: its code is compared by itself, and where its lines break says nothing. */
export function digestOf(page: string): string {
  const words = proseOf(page).replaceAll(/\s+/g, ' ').trim()
  return createHash('sha256').update(words).digest('hex').slice(0, 16)
}

/** Of each English page the digest of the text that its translation was last brought in step with. */
export const readNotes = (): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(NOTES, 'utf8')) as Readonly<Record<string, string>>

/** The pages whose English text is not the one that the Japanese was last brought in step with. */
export function outOfStep(): string[] {
  const notes = readNotes()
  return pagesInBoth().filter((page) => notes[page] !== digestOf(readPage(page)))
}

/** Notes that the Japanese of these pages says what the English says now, and forgets pages that are gone. */
export function noteInStep(pages: readonly string[]): void {
  const notes = readNotes()
  const all = pagesInBoth()
  const unknown = pages.find((page) => !all.includes(page))
  if (unknown !== undefined) {
    throw new TypeError(`Expected a page that is there in both languages, got ${unknown}`)
  }
  const next = all.flatMap((page) => {
    const digest = pages.includes(page) ? digestOf(readPage(page)) : notes[page]
    return digest === undefined ? [] : [[page, digest] as const]
  })
  writeFileSync(NOTES, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`)
}

const readPage = (path: string): string => readFileSync(join(root, path), 'utf8')
