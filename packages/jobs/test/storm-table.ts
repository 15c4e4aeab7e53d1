import type { StormResult } from './storm.ts'

/** What became of the jobs of one queue. */
export interface StormRow {
  readonly name: string
  /** How many there were. */
  readonly jobs: number
  readonly result: StormResult
}

const HEAD = [
  '| queue | jobs | done | lost | doubled, plain | doubled, transactional | failed for good | unfinished | seconds |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
]

/** A table in Markdown, with a row for each queue. */
export function stormTable(rows: readonly StormRow[]): string {
  const lines = rows.map(({ name, jobs, result }) => {
    const { done, lost, doubled, failed, unfinished, seconds } = result
    const { plain, transactional } = doubled
    const cells = [name, jobs, done, lost, plain, transactional, failed, unfinished, seconds]
    return `| ${cells.join(' | ')} |`
  })
  return [...HEAD, ...lines].join('\n')
}
