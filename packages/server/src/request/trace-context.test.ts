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
  expect(traceContextOf(`01-${TRACE}-${SPAN}-01`)).toEqual({ ...trace, sampled: true })
  expect(traceContextOf(`fe-${TRACE}-${SPAN}-00-${'x'.repeat(9_000)}`)).toEqual({
    ...trace,
    sampled: false,
  })
  // Flags that are not known are ignored.
  expect(traceContextOf(`00-${TRACE}-${SPAN}-fe`)).toEqual({ ...trace, sampled: false })
  expect(traceContextOf(`00-${TRACE}-${SPAN}-ff`)).toEqual({ ...trace, sampled: true })
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
  `00-${TRACE}-${SPAN}-01 `,
  `00-${TRACE}-${SPAN}-01\n`,
  `00-${TRACE}-${SPAN}-1`,
  `00-${TRACE}-${SPAN}-0g`,
  `00-${TRACE}-${SPAN.toUpperCase()}-01`,
  `0-${TRACE}-${SPAN}-01`,
  `000-${TRACE}-${SPAN}-01`,
  `fF-${TRACE}-${SPAN}-01`,
  // Of a later version what comes behind the flags begins with a dash.
  `cc-${TRACE}-${SPAN}-01.more`,
  `cc-${TRACE}-${SPAN}-01more`,
  `cc-${'0'.repeat(32)}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01-more`,
  // As two headers come.
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  `00-${TRACE}${'a'.repeat(16_000)}-${SPAN}-01`,
  '-'.repeat(16_000),
])('%j begins a trace of its own', (header) => {
  const { traceId, parentId } = traceContextOf(header)
  expect(traceId).toMatch(/^[\da-f]{32}$/)
  expect(traceId).not.toBe(TRACE)
  expect(parentId).toBe(undefined)
})
