import { expect, test } from 'vitest'
import { conditionalLines } from './conditional-lines.ts'

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
  expect(conditionalLines(template, new Set(has))).toBe(lines)
})

test.each(['// #end', '// #else', '// #if mail', '// #if mail\n// #if jobs\n// #end'])(
  'a mark without its partner is a mistake of ours: %j',
  (text) => {
    expect(() => conditionalLines(text, new Set())).toThrow(/^Expected an #/)
  },
)
