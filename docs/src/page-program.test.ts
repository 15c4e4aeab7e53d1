import { describe, expect, test } from 'vitest'
import { pageProgram } from './page-program.ts'

const page = [
  '# Page', // 1
  '```ts', // 2
  "import { a } from 'a'",
  'use(a, shared)',
  '```',
  '```ts set-up', // 6
  "import { a, type B } from 'a'",
  'const shared: B = 1',
  '```',
  '```ts jobs.ts', // 10
  'export const job = 1',
  '```',
  '```ts', // 13
  'use(shared)',
  '```',
].join('\n')

describe('pageProgram', () => {
  const { files, output } = pageProgram(page)
  const main = files.get('main.ts')?.split('\n') ?? []

  test('keeps the line numbers of the page', () => {
    expect(main[3]).toBe('use(a, shared)')
    expect(main[7]).toBe('const shared: B = 1')
    expect(main[13]).toBe('use(shared)')
  })

  test('calls each example once, in order, and prints where it begins', () => {
    expect(main.filter((line) => line.startsWith('await '))).toEqual([
      'await example2()',
      'await example13()',
    ])
    expect(output).toBe('2\n13\n')
  })

  test('imports each name once, beside the examples', () => {
    expect(main.filter((line) => line.startsWith('import '))).toEqual([
      "import assert from 'node:assert/strict'",
      "import { a, type B } from 'a'",
    ])
  })

  test('makes a file of what is marked with a name', () => {
    expect(files.get('jobs.ts')).toBe('export const job = 1\n')
    expect(main[10]).toBe('')
  })

  test('refuses an example without an end', () => {
    expect(() => pageProgram('text\n```ts\nuse()')).toThrow('the example at line 2 does not end')
  })
})
