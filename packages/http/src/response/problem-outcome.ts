import type { Outcome } from '@yuzuru/concurrency'

/** RFC 9457, 3. */
const PROBLEM = /^application\/problem\+json[\t ]*(?:;|$)/i

/**
 * What a problem says of the effect of its request, if it says that there may have been one: a service of `@yuzuru/server`
 * says so in a member `outcome` where its status alone would not, as it had acted before it refused. `undefined` where
 * there is no such word. Only `'unknown'` is taken from a peer: `'none'` is a promise, and not its to give of what stands
 * between it and us.
 *
 * @param isCut whether the text is only the beginning: nobody knows what the rest says
 */
export function outcomeInProblem(
  contentType: string | null,
  text: string,
  isCut: boolean,
): Extract<Outcome, 'unknown'> | undefined {
  if (contentType === null || !PROBLEM.test(contentType)) return undefined
  return isCut || outcomeIn(text) === 'unknown' ? 'unknown' : undefined
}

function outcomeIn(text: string): unknown {
  try {
    const problem: unknown = JSON.parse(text)
    return typeof problem === 'object' && problem !== null && 'outcome' in problem
      ? problem.outcome
      : undefined
  } catch {
    return undefined
  }
}
