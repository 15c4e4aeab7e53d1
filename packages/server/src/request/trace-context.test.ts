import { expect, test } from 'vitest'
import { traceContextOf } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('a traceparent is taken over', () => {
  const trace = { traceId: TRACE, parentId: SPAN }
  expect(traceContextOf(`00-${TRACE}-${SPAN}-01`)).toEqual({ ...trace, sampled: true })
  expect(traceContextOf(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...trace, sampled: false })
  // Of a later version the known fields count (W3C Trace Context, 2.2.2).
  expect(traceContextOf(`cc-${TRACE}-${SPAN}-01-more`)).toEqual({ ...trace, sampled: true })
})

test.each([
  undefined,
  '',
  'garbage',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}`,
  ` 00-${TRACE}-${SPAN}-01`,
])('%j begins a trace of its own', (header) => {
  const { traceId, parentId } = traceContextOf(header)
  expect(traceId).toMatch(/^[\da-f]{32}$/)
  expect(traceId).not.toBe(TRACE)
  expect(parentId).toBe(undefined)
})
