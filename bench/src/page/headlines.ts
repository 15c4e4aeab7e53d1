import { middleOf } from '../report.ts'
import { measuredBy } from '../saved/plot.ts'
import type { SavedRun } from '../saved/saved-run.ts'
import { earlierRows } from './earlier.ts'

/** A figure that the page leads with. */
interface Headline {
  readonly id: string
  /** The name of the figure, as its benchmark has it. */
  readonly figure: string
  readonly says: string
}

/** Five boundaries, each against what most would use there. */
export const HEADLINES: readonly Headline[] = [
  {
    id: 'concurrency/with-timeout',
    figure: 'yuzuru / Effect',
    says: 'Processor time of `withTimeout` around a function that does nothing, divided by that of `Effect.timeout`',
  },
  {
    id: 'db/endpoint',
    figure: 'yuzuru, pipelined / bare Kysely, operations a second',
    says: "Requests a second of a page of two SELECTs with `reads: 'pipelined'`, divided by those of bare Kysely",
  },
  {
    id: 'jobs/drain',
    figure: 'yuzuru / graphile-worker',
    says: 'Jobs a second from a full queue, both with their defaults, divided by those of graphile-worker',
  },
  {
    id: 'mail/template',
    figure: 'yuzuru, sendMany / nodemailer, operations a second',
    says: "Mails of one template in the same processor time by `sendMany`, divided by those of nodemailer's pool",
  },
  {
    id: 'storage/upload-file',
    figure: 'upload / lib-storage Upload, operations a second',
    says: 'Speed of an upload of 256 MiB from a file, divided by that of `Upload` of lib-storage',
  },
]

/** The five figures, with their plots where they have been measured and kept. */
export function headlineSection(runs: ReadonlyMap<string, SavedRun>, earlier: string): string {
  const parts = HEADLINES.map((headline) => {
    const run = runs.get(headline.id)
    return run === undefined ? earlierHeadline(headline, earlier) : savedHeadline(headline, run)
  })
  return ['## Five figures', ...parts].join('\n\n')
}

function savedHeadline({ id, figure, says }: Headline, run: SavedRun): string {
  const figures = run.results.map(({ node, lines }) => {
    const line = lines.find(({ name }) => name === figure)
    if (line === undefined) throw new TypeError(`Expected the result of ${id} to have "${figure}"`)
    const missed = line.bound?.held === false ? ' (**missed**)' : ''
    return `**${middleOf(line)}**${missed} on Node ${node.slice(1)}`
  })
  const plot = `![Plot of all figures of ${id}](../bench/results/${id}.svg)`
  return `${says}: ${figures.join(', ')}.\n\n${plot}\n\nBy \`${run.command}\`${measuredBy(run).slice(run.command.length)}.`
}

function earlierHeadline({ id, figure, says }: Headline, earlier: string): string {
  const row = earlierRows(earlier).find((each) => each.id === id && each.figure === figure)
  if (row === undefined) throw new TypeError(`Expected a result of ${id}, or an earlier figure`)
  const [, , , , node26 = '', , by = ''] = row.text.split('|').map((cell) => cell.trim())
  return `${says}: **${node26}** on Node 26 ([measured earlier](#measured-earlier): ${by}).`
}
