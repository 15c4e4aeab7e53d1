import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proseOf } from './page-shape.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const GLOSSARY = 'docs/ja/glossary.md'

const pages = globSync('docs/**/*.md', {
  cwd: root,
  exclude: ['**/node_modules', 'docs/decisions'],
})
const japanese = ['README.ja.md', ...pages.filter((path) => path.startsWith('docs/ja/'))]
const english = ['README.md', ...pages.filter((path) => !japanese.includes(path))]

/** The words of a page, without its code and its names. */
const wordsOf = (path: string): string =>
  proseOf(readFileSync(join(root, path), 'utf8'))
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/\]\([^)]*\)/g, ']')

const prose = new Map(
  [...english, ...japanese.filter((path) => path !== GLOSSARY)].map((path) => [
    path,
    wordsOf(path),
  ]),
)
const isIn = (paths: readonly string[], word: RegExp): boolean =>
  paths.some((path) => word.test(prose.get(path) ?? ''))

const rows = readFileSync(join(root, GLOSSARY), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:英語 |-)/.test(line))
  .map((line) => {
    const [, term = '', word = '', , not = ''] = line.split('|').map((cell) => cell.trim())
    return { term, word, not: not.split('、').filter((other) => other !== '') }
  })

test('the glossary names each thing once', () => {
  expect(rows.length).toBeGreaterThan(30)
  for (const all of [
    rows.map(({ term }) => term),
    rows.flatMap(({ word, not }) => [word, ...not]),
  ]) {
    expect(all.filter((word, at) => all.indexOf(word) !== at)).toEqual([])
  }
})

test.each(rows)('$term is $word', ({ term, word, not }) => {
  expect(isIn(english, new RegExp(`\\b${term}`, 'i'))).toBe(true)
  expect(isIn(japanese, new RegExp(word))).toBe(true)
  const others = not.flatMap((other) =>
    // A word that is the beginning of the right one is not another.
    [...prose].flatMap(([path, text]) => (new RegExp(`${other}(?!ー)`).test(text) ? [path] : [])),
  )
  expect(others).toEqual([])
})
