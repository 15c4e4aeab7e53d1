import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HashedRequest, requestHash } from './request-hash.ts'

const request: HashedRequest = {
  caller: 'office-1',
  key: 'k',
  method: 'POST',
  url: 'https://a.example/plans?x=1',
  contentType: 'application/json',
  body: Buffer.from('{}'),
}

describe('two requests', () => {
  test.each<[string, Partial<HashedRequest>]>([
    ['method', { method: 'PATCH' }],
    ['path', { url: 'https://a.example/plan?x=1' }],
    ['query', { url: 'https://a.example/plans?x=2' }],
    ['content type', { contentType: 'text/plain' }],
    ['body', { body: Buffer.from('{ }') }],
  ])('of one key differ by their %s', (_what, change) => {
    const [one, other] = [requestHash(request), requestHash({ ...request, ...change })]
    expect(other.id).toBe(one.id)
    expect(other.fingerprint).not.toBe(one.fingerprint)
    expect(other.downstreamKey).not.toBe(one.downstreamKey)
  })

  test('are the same at another name of the host', () => {
    const other = { ...request, url: 'http://127.0.0.1:3000/plans?x=1' }
    expect(requestHash(other)).toEqual(requestHash(request))
  })

  test('of two callers never meet, however their names and keys are cut', () => {
    // Also of code units that are no characters: JSON can have them.
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '\ud800', '\udc00', '\ufffd'), maxLength: 2 }),
    )
    const texts = fc.tuple(text, text, text, text)
    fc.assert(
      fc.property(texts, ([caller, key, otherCaller, otherKey]) => {
        const id = requestHash({ ...request, caller, key }).id
        const other = requestHash({ ...request, caller: otherCaller, key: otherKey }).id
        expect(id === other).toBe(caller === otherCaller && key === otherKey)
      }),
    )
    const [lone, other] = ['a\ud800', 'a\ud801'].map((caller) => {
      return requestHash({ ...request, caller }).id
    })
    expect(lone).not.toBe(other)
    const moved = { ...request, caller: 'office-', key: '1k' }
    expect(requestHash(moved).id).not.toBe(requestHash(request).id)
  })

  test('nothing of a request can be read from what stands for it', () => {
    const secret = { ...request, caller: 'hanako@example.jp', key: 'secret-key' }
    for (const text of Object.values(requestHash(secret))) {
      expect(text).toMatch(/^[\w-]{43}$/)
    }
  })
})
