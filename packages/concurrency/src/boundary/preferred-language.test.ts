import { expect, test } from 'vitest'
import { preferredLanguage } from './preferred-language.ts'

const MANY = `${'fr,'.repeat(1_000)}ja`

test.each<[string | null | undefined, 'en' | 'ja' | undefined]>([
  ['ja', 'ja'],
  ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
  ['fr, en-GB;q=0.9, ja;q=0.8', 'en'],
  ['en;q=0.1, ja;q=0.2', 'ja'],
  ['en;q=0.1, JA ; level=1 ; Q=0.2', 'ja'],
  ['ja;q=0, en', 'en'],
  ['ja;q=x', undefined],
  ['fr, *', undefined],
  [',;,;;q=', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
  [MANY, undefined],
])('%s prefers %s of English and Japanese', (header, expected) => {
  expect(preferredLanguage(header, ['en', 'ja'])).toBe(expected)
})
