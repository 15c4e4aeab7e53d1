import { expect, test } from 'vitest'
import { anchorsOf, pageLinks } from './page-links.ts'

test('the links of a page, with their anchors', () => {
  const page = 'See [a](a.md), [b](../b.md#the-end), [here](#top) and [out](https://example.com#x).'
  expect(pageLinks(page)).toEqual([
    { file: 'a.md', anchor: undefined },
    { file: '../b.md', anchor: 'the-end' },
    { file: '', anchor: 'top' },
  ])
})

test('the anchors of headings are those of GitHub, and code has none', () => {
  const page = [
    '# `gather`, a group, or one',
    '## Every I/O awaited',
    '## 三つの質問',
    '```python',
    '# no heading',
    '```',
    '## Every I/O awaited',
  ].join('\n')
  expect([...anchorsOf(page)]).toEqual([
    'gather-a-group-or-one',
    'every-io-awaited',
    '三つの質問',
    'every-io-awaited-1',
  ])
})
