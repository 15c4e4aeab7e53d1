import { randomId } from './random-id.ts'

/** Which trace a request belongs to, as W3C Trace Context has it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** The span of the caller: 16 hex digits; `undefined` if the trace begins here. */
  readonly parentId: string | undefined
  /** Whether the caller records the trace. */
  readonly sampled: boolean
}

const TRACEPARENT =
  /^(?!ff)(?<version>[\da-f]{2})-(?!0{32})(?<traceId>[\da-f]{32})-(?!0{16})(?<parentId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<rest>-.*)?$/

/**
 * The trace of a `traceparent` header; a new one if there is none or it is not one.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceContextOf(traceparent: string | undefined): TraceContext {
  if (traceparent === undefined) return newTrace()
  const groups = TRACEPARENT.exec(traceparent)?.groups
  // Only later versions may have more fields.
  if (groups === undefined || (groups['version'] === '00' && groups['rest'] !== undefined)) {
    return newTrace()
  }
  const { traceId = '', parentId = '', flags = '' } = groups
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

function newTrace(): TraceContext {
  return { traceId: randomId(), parentId: undefined, sampled: false }
}
