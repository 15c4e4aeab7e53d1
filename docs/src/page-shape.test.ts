import { expect, test } from 'vitest'
import { linksToEnglish, lostLinks, type PageShape, shapeOf } from './page-shape.ts'

const english = [
  '# Guide',
  'See `io()`, [the semantics](../semantics.md#scopes), [Node](https://nodejs.org/) and `pnpm\nlint`.',
  '- one',
  '- two',
  '',
  '| a       | b |',
  '| ------- | - |',
  '| `x | y` | 1 |',
  '',
  '## Code',
  '```ts',
  '# no heading [no link](no.md)',
  '```',
].join('\n')
const japanese = english
  .replace('../semantics.md#scopes', '../semantics.md#スコープ')
  .replace('See', '見る')
  .replace('pnpm\nlint', 'pnpm lint')
const shape = shapeOf(english, 'docs/guide/README.md')

test('the shape of a page is that of its translation', () => {
  expect(shape).toEqual({
    code: ['```ts\n# no heading [no link](no.md)\n```'],
    headings: [1, 2],
    blocks: [0, 2, 1],
    tables: [[3, 2]],
    items: 2,
    links: ['docs/semantics.md#1', 'https://nodejs.org/'],
    names: ['`io()`', '`pnpm lint`', '`x | y`'],
  })
  expect(shapeOf(japanese, 'docs/ja/guide/README.md')).toEqual(shape)
})

const changes: readonly (readonly [what: keyof PageShape, from: string, to: string])[] = [
  ['code', 'no heading', 'another'],
  ['headings', '## Code', '## Code\n\n## More'],
  ['blocks', '- one', 'A new paragraph.\n\n- one'],
  ['tables', '| `x | y` | 1 |', '| `x | y` | 1 |\n| z | 2 |'],
  ['items', '- two', '- two\n- three'],
  ['links', '#スコープ', '#タスクとグループ'],
  ['names', '`io()`', '`output()`'],
]
for (const [what, from, to] of changes) {
  test(`${what} that differ are seen`, () => {
    const other = shapeOf(japanese.replace(from, to), 'docs/ja/guide/README.md')
    expect(other[what]).not.toEqual(shape[what])
  })
}

test('links that lead nowhere, and links to a page that there is in Japanese', () => {
  const page =
    '[a](../semantics.md#scopes) [b](../semantics.md#ない) [c](no.md) [d](../../start.md)'
  const files = (links: { file: string; anchor: string | undefined }[]): unknown =>
    links.map(({ file, anchor = '' }) => `${file}#${anchor}`)
  const path = 'docs/ja/guide/README.md'
  expect(files(lostLinks(page, path))).toEqual([
    '../semantics.md#scopes',
    '../semantics.md#ない',
    'no.md#',
  ])
  expect(files(linksToEnglish(page, path))).toEqual(['../../start.md#'])
})
