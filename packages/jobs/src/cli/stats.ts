import { sleep } from '@yuzuru/concurrency'
import { jobStats, type JobStats, type Pause } from '../queue/job-stats.ts'
import type { CommandConfig } from './load-config.ts'
import { type Asked, numberIn } from './read-arguments.ts'
import { hasColors, printable, type Terminal, UsageError, widthOf } from './terminal.ts'
import { textTable } from './text-table.ts'

/** How the queue stands; with `--watch` again and again: a view that stays in place, or lines where there is no terminal. */
export async function stats(
  { options }: Asked,
  { db }: CommandConfig,
  terminal: Terminal,
): Promise<void> {
  const everyMs = 1_000 * (numberIn(options, 'every', { min: 1, max: 3_600 }) ?? 2)
  if (options.every !== undefined && options.watch !== true) {
    throw new UsageError('Expected --every with --watch alone')
  }
  const { stdout } = terminal
  const show = (found: JobStats): void => {
    if (options.json === true) stdout.write(`${JSON.stringify(found)}\n`)
    else if (options.watch !== true) stdout.write(`${view(found, terminal).join('\n')}\n`)
    else if (stdout.isTTY === true)
      stdout.write(`${HOME}${view(found, terminal).join(NEXT)}${REST}`)
    else stdout.write(`${new Date().toISOString()} ${summary(found)}\n`)
  }
  show(await jobStats(db))
  while (options.watch === true) {
    await sleep(everyMs)
    // Whom it was shown to has left.
    if (terminal.hasReader?.() === false) return
    show(await jobStats(db))
  }
}

// To the upper left corner; then each line with what was left of an older one removed, and all below it.
const HOME = '\u001B[H'
const NEXT = '\u001B[K\n'
const REST = '\u001B[K\n\u001B[J'

/** One line, without names. */
function summary(found: JobStats): string {
  const { waiting, running, completed, failed, cancelled, oldestWaitingMs, paused } = found
  const counts = { waiting, running, completed, failed, cancelled }
  const parts = Object.entries(counts).map(([state, jobs]) => {
    return `${state} ${found.estimated.includes(state as keyof typeof counts) ? '~' : ''}${jobs}`
  })
  return [...parts, `oldest ${seconds(oldestWaitingMs)}`, `paused ${paused.length}`].join(', ')
}

const COLUMNS = [
  { title: 'kind', canShrink: true },
  { title: 'queue', canShrink: true },
  ...['due', 'oldest', 'running', 'later', 'held'].map((title) => ({
    title,
    align: 'right' as const,
  })),
  { title: '' },
]

function view(found: JobStats, terminal: Terminal): string[] {
  const width = widthOf(terminal)
  const color = (code: number, text: string): string =>
    hasColors(terminal) ? `\u001B[${code}m${text}\u001B[0m` : text
  const rows = found.lanes.map((lane) => {
    const { due, later, held, running, oldestDueMs, isEstimate } = lane
    const isPaused = found.paused.some(
      ({ job, queue }) => job === lane.name || queue === lane.queue,
    )
    const number = (jobs: number): string => `${isEstimate && jobs > 0 ? '~' : ''}${jobs}`
    return [
      printable(lane.name),
      printable(lane.queue),
      number(due),
      due > 0 ? seconds(oldestDueMs) : '-',
      `${running}`,
      number(later),
      number(held),
      isPaused ? 'paused' : '',
    ]
  })
  const [titles = '', ...lines] = textTable(COLUMNS, rows, width)
  const paused = found.paused.map(kindOrQueue)
  const scaled = found.scaled.map((each) => `${kindOrQueue(each)} ${each.concurrency}`)
  return [
    ...wrapped(summary(found), width),
    ...(paused.length === 0 ? [] : wrapped(`Paused: ${paused.join(', ')}`, width)),
    ...(scaled.length === 0 ? [] : wrapped(`At most: ${scaled.join(', ')}`, width)),
    '',
    color(1, titles),
    ...lines.map((line) => (line.endsWith(' paused') ? color(33, line) : line)),
  ]
}

function kindOrQueue({ job, queue = '' }: Pick<Pause, 'job' | 'queue'>): string {
  return job === undefined ? `queue ${printable(queue)}` : `kind ${printable(job)}`
}

function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`
}

/** A list in lines, broken behind commas. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const part of text.split(', ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length + 2 > width) lines.push(part)
    else lines[lines.length - 1] = `${last}, ${part}`
  }
  return lines
}
