import { randomId } from './random-id.ts'
import type { TraceContext } from './trace-context.ts'

/** What an id from elsewhere may look like, so that it can go into a log line and a header as it is. */
const ID = /^[\w.:+/=@-]{1,128}$/

/**
 * The id that came with a request, if it is one. Else that of its trace, if the trace begins here, so that there
 * is one id to look for; a trace of the caller's may have many requests, so then it is a new one.
 */
export function requestIdOf(
  given: string | undefined,
  { traceId, parentId }: TraceContext,
): string {
  if (given !== undefined && ID.test(given)) return given
  return parentId === undefined ? traceId : randomId()
}
