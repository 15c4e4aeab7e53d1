import type { IncomingMessage } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { RequestContext } from './request-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

const contextOf = (headers: Readonly<Record<string, string>>) => {
  const rawHeaders = Object.entries(headers).flat()
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  const request = { headers: Object.fromEntries(lowered), rawHeaders } as IncomingMessage
  const life = {
    request,
    scope: { cancelled: false, expired: true, outcome: 'none' as const },
    doAfter: vi.fn(),
    fail: vi.fn(),
  }
  return { life, context: new RequestContext('GET /', life) }
}

const GIVEN = { 'X-Request-Id': 'r-1', Traceparent: `00-${TRACE}-b7ad6b7169203331-01` }

describe('the context of a request that has ended', () => {
  test('has the id and the trace that it came with, whenever one asks first', () => {
    for (const isAskedBefore of [true, false]) {
      const { context } = contextOf(GIVEN)
      if (isAskedBefore) expect([context.id, context.trace.traceId]).toEqual(['r-1', TRACE])
      context.leave()
      expect([context.id, context.trace.traceId, context.expired]).toEqual(['r-1', TRACE, true])
    }
  })

  test('has an id and a trace of its own if it came with two, whenever one asks first', () => {
    for (const isAskedBefore of [true, false]) {
      const { request } = contextOf(GIVEN).life
      const twice = {
        'x-request-id': 'r-1, r-1',
        traceparent: `${GIVEN.Traceparent}, ${GIVEN.Traceparent}`,
      }
      const two = { headers: twice, rawHeaders: [...request.rawHeaders, ...request.rawHeaders] }
      const scope = { cancelled: false, expired: false, outcome: 'none' as const }
      const life = { request: two as never, scope, doAfter: vi.fn(), fail: vi.fn() }
      const of = new RequestContext('GET /', life)
      const before = isAskedBefore ? [of.id, of.trace.traceId] : undefined
      of.leave()
      expect([of.id, of.trace.traceId]).toEqual(before ?? [expect.any(String), expect.any(String)])
      expect([of.id, of.trace.traceId]).not.toContain('r-1')
      expect(of.trace.traceId).not.toBe(TRACE)
    }
  })

  test.each([
    ['that of the trace, where it begins here', {}, true],
    ['one of its own, where a caller began the trace', { Traceparent: GIVEN.Traceparent }, false],
  ])('has for an id %s', (_what, headers, isTrace) => {
    for (const isAskedBefore of [true, false]) {
      const { context } = contextOf(headers)
      const { context: other } = contextOf(headers)
      if (isAskedBefore) expect(context.id).toBe(context.id)
      context.leave()
      expect(context.id).toMatch(/^[\da-f]{32}$/)
      expect(context.id === context.trace.traceId).toBe(isTrace)
      expect(context.id).not.toBe(other.id)
    }
  })

  test('keeps the id and the trace that were made for it', () => {
    const { context } = contextOf({})
    const { id, trace } = context
    context.leave()
    expect([context.id, context.trace]).toEqual([id, trace])
  })

  test('takes no more work for after the answer, as nobody would do it', () => {
    const { context, life } = contextOf({})
    context.after(() => undefined)
    context.leave()
    expect(() => context.after(() => undefined)).toThrow('Expected afterResponse to be called')
    expect(life.doAfter).toHaveBeenCalledOnce()
  })

  test('has nothing to do with the request any more', () => {
    const { context, life } = contextOf({})
    context.leave()
    context.leave()
    context.fail(new Error('late'))
    expect(life.fail).not.toHaveBeenCalled()
  })
})
