import { expect, test } from 'vitest'
import { conditionalLines } from './conditional-lines.ts'

const ALL = ['jobs', 'mail', 'storage']

const template = [
  'start',
  '// #if mail',
  'mail',
  '  // #if jobs',
  '  both',
  '  // #else',
  '  // mail alone',
  '  // #end',
  '// #end',
  '# #if !jobs',
  '// no jobs',
  '# #end',
  '// a comment',
].join('\n')

test.each([
  [[], 'start\nno jobs\n// a comment'],
  [['mail'], 'start\nmail\n  mail alone\nno jobs\n// a comment'],
  [['jobs'], 'start\n// a comment'],
  [['mail', 'jobs'], 'start\nmail\n  both\n// a comment'],
])('takes the lines of %j', (has, lines) => {
  expect(conditionalLines(template, new Set(has), ALL)).toBe(lines)
})

test.each(['// #end', '// #else', '// #if mail', '// #if mail\n// #if jobs\n// #end'])(
  'a mark without its partner is a mistake of ours: %j',
  (text) => {
    expect(() => conditionalLines(text, new Set(), ALL)).toThrow(/^Expected an #/)
  },
)

test.each([
  [[], 'const clients = { db, other }'],
  [['storage'], 'const clients = { db, storage, other }'],
  [['mail', 'storage'], 'const clients = { db, mail, storage, other }'],
])('takes names of a list out that the service has not: %j', (has, line) => {
  const marked = 'const clients = { db, mail, storage, other } // #names'
  expect(conditionalLines(marked, new Set(has), ALL)).toBe(line)
  const unmarked = marked.replace(' // #names', '')
  expect(conditionalLines(unmarked, new Set(has), ALL)).toBe(unmarked)
})
