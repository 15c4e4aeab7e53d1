import { describe, expect, test } from 'vitest'
import { requestScope } from './request-scope.ts'

describe('requestScope', () => {
  test.each([
    [{ maxRequestMs: 0 }, 'maxRequestMs'],
    [{ maxRequestMs: '5' }, 'maxRequestMs'],
    [{ graceMs: -1 }, 'graceMs'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 'adaptiv' }, 'limit'],
    [{ limit: { min: 1 } }, 'a known option of limit'],
    [{ limit: { adaptive: { mni: 1 } } }, 'a known option of limit.adaptive'],
    [{ limit: { adaptive: { min: 0 } } }, 'limit.adaptive.min'],
    [{ limit: { adaptive: { min: 5, max: 4 } } }, 'limit.adaptive.max'],
    [{ queue: -1 }, 'queue'],
    [{ priority: 'batch' }, 'priority'],
    [{ name: 'GET' }, 'name'],
    [{ log: {} }, 'log'],
    [{ budget: { trust: true } }, 'budget.trust'],
    [{ budget: { trust: () => true, header: 'a b' } }, 'budget.header'],
    [{ nmae: () => '' }, 'a known option of requestScope'],
  ])('%o is a TypeError', (options, what) => {
    expect(() => requestScope(options as never)).toThrow(`Expected ${what}`)
  })
})
