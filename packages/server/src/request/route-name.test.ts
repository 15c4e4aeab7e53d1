import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeName } from './route-name.ts'

test.each([
  ['/plans/42?secret=1', 'GET /plans/:id'],
  ['/', 'GET /'],
  ['/offices/0b7f5c1e-6f3f-4d52-8c0a-2d6a3f1f9a10/plans', 'GET /offices/:id/plans'],
  ['/sign-in/9fK3_xQ0bTzR4mPq', 'GET /sign-in/:id'],
  ['/sign-in#x', 'GET /sign-in'],
  ['/api/v1/plans/upload.js', 'GET /api/v1/plans/upload.js'],
  ['/subscription-settings', 'GET /subscription-settings'],
  ['/verify/ABcdefGHIjklMNOpqr', 'GET /verify/:id'],
  ['/people/jane@mail.example', 'GET /people/:id'],
  ['/people/jane%40mail.example', 'GET /people/:id'],
  ['/orders/ord_12345', 'GET /orders/:id'],
  ['/days/2026-01-31', 'GET /days/:id'],
  ['/keys/c2VjcmV0a2V5+/==', 'GET /keys/:id/:id'],
  ['http://jane:secret@host.example/plans', 'GET :id//:id/plans'],
  ['/a\u0000b/<script>', 'GET /:id/:id'],
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
