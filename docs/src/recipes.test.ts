import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { lostLinks, proseOf } from './page-shape.ts'

/** A recipe is read in a minute: what is longer belongs in the guide or the manual. */
const MOST_TEXT = 60
const MOST_CODE = 40

const folder = fileURLToPath(new URL('../recipes', import.meta.url))
const names = readdirSync(folder)
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const linesIn = (text: string): number =>
  text.split('\n').filter((line) => line.trim() !== '').length

test.each(names)('%s: its links and their headings are there', (name) => {
  expect(lostLinks(read(name), `docs/recipes/${name}`)).toEqual([])
})

describe.each(names.filter((name) => name !== 'README.md'))('%s', (name) => {
  const page = read(name)

  test('is short', () => {
    const prose = proseOf(page)
    const fences = page.match(/^```/gm)?.length ?? 0
    expect(linesIn(prose)).toBeLessThanOrEqual(MOST_TEXT)
    expect(linesIn(page) - linesIn(prose) - fences).toBeLessThanOrEqual(MOST_CODE)
  })

  test('shows what holds by an assertion, and leads on', () => {
    expect(page).toMatch(/^```ts\n(?:(?!```)[\s\S])*assert/m)
    expect(page).toMatch(/^Further: [^]*?\]\(\.\.\//m)
  })
})
