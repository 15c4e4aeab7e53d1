import { expect, test } from 'vitest'
import { readings } from './sql-comments.ts'

test.each([
  ['select 1', ['select 1']],
  ['set/* x */role r', ['set/* x */role r', 'set role r']],
  ['/* a /* b */ c */ set role r', ['/* a /* b */ c */ set role r', '  set role r']],
  ['-- a\nset role r', ['-- a\nset role r', ' \nset role r']],
  [`select '/*'; set role r`, [`select '/*'; set role r`]],
])('a text is read with its comments and without: %j', (sql, expected) => {
  expect(readings(sql)).toEqual(expected)
})
