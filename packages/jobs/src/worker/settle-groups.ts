import type { Attempt, AttemptResult } from './attempt.ts'

/** An attempt that has ended and is not written down. */
export interface Ended {
  readonly attempt: Attempt
  readonly result: AttemptResult
  tries: number
}

/** How much JSON of results goes into one statement, in UTF-16 units; a larger one goes alone. */
const MOST_LENGTH = 4_194_304

/**
 * What goes into one statement. Completed ones by their claim's number, nearly always the first; those with a
 * result apart; and those that may have completed themselves apart, as a transaction in doubt may still have
 * their rows locked.
 */
export function groupsOf(batch: readonly Ended[]): (readonly Ended[])[] {
  return [...Map.groupBy(batch, groupOf).values()].flatMap((group) =>
    lengthOf(group[0] as Ended) === 0 ? [group] : chunksOf(group),
  )
}

/** What each has returned, as JSON; `undefined` for a group of those that returned nothing. */
export function resultsOf(group: readonly Ended[]): string[] | undefined {
  const results = group.flatMap(({ result }) => result.settlement.result ?? [])
  return results.length === 0 ? undefined : results
}

function groupOf({ attempt, result }: Ended): string {
  const { id, claim } = attempt.claimed
  const { to, result: value } = result.settlement
  if (attempt.completesItself)
    return to === 'completed' && value === undefined ? `own ${claim}` : id
  if (to !== 'completed') return 'others'
  return value === undefined ? `${claim}` : `result ${claim}`
}

const lengthOf = ({ result }: Ended): number => result.settlement.result?.length ?? 0

function chunksOf(group: readonly Ended[]): Ended[][] {
  const chunks: Ended[][] = [[]]
  let length = 0
  for (const ended of group) {
    length += lengthOf(ended)
    if (length > MOST_LENGTH && chunks.at(-1)?.length !== 0) {
      chunks.push([])
      length = lengthOf(ended)
    }
    chunks.at(-1)?.push(ended)
  }
  return chunks
}
