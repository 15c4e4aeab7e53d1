import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeName } from './route-name.ts'

test.each([
  ['/plans/42?secret=1', 'GET /plans/:id'],
  ['/', 'GET /'],
  ['/offices/0b7f5c1e-6f3f-4d52-8c0a-2d6a3f1f9a10/plans', 'GET /offices/:id/plans'],
  ['/sign-in/9fK3_xQ0bTzR4mPq', 'GET /sign-in/:id'],
  ['/sign-in#x', 'GET /sign-in'],
  ['/a\u0000b/<script>', 'GET /a?b/?script?'],
])('%s is named %s', (url, name) => {
  expect(routeName('GET', url)).toBe(name)
})

test('a name is short, and can be printed, whatever is asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (path) => {
      expect(routeName('GET', `/${path}`)).toMatch(/^[ -~]{1,120}$/)
    }),
  )
})
