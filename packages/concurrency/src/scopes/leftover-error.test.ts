import { expect, test } from 'vitest'
import type { Leftover } from './leftover.ts'
import { LeftoverError } from './leftover-error.ts'

const leftover = (name: string, place?: string): Leftover => ({
  name,
  kind: 'io',
  parent: 'page',
  ageMs: 1,
  state: 'cancelled',
  place,
})

test('a LeftoverError names what was left, with its place where that is known', () => {
  const error = new LeftoverError('page', [leftover('db.query', '    at page (page.ts:1:1)')])
  expect(error.message).toMatch(/^In "page": io "db.query" was still running .*\n {4}at page/)
  expect(new LeftoverError('page', [leftover('db.query')]).message).not.toContain('\n')
  expect(LeftoverError.isInstance(error)).toBe(true)
  expect(LeftoverError.isInstance(new Error('x'))).toBe(false)
})

test('it names ten at the most, and how many more there are', () => {
  const many = Array.from({ length: 13 }, (_, number) => leftover(`call ${number}`))
  const { message, leftovers } = new LeftoverError('page', many)
  expect(leftovers).toHaveLength(13)
  expect(message).toContain('call 9')
  expect(message).not.toContain('call 10')
  expect(message).toMatch(/; and 3 more$/)
})
