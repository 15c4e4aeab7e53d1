import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { Result } from '../result.ts'
import { plot } from './plot.ts'
import { parseRun, RESULTS, type SavedRun } from './saved-run.ts'

/** When a run began, and how busy the machine was. */
export interface Beginning {
  readonly date: Date
  readonly load: number
}

/** To be called before anything is measured. */
export function begin(): Beginning {
  return { date: new Date(), load: currentLoad() }
}

/**
 * Keeps what one benchmark gave on each Node, with a plot beside it. A benchmark that was skipped leaves
 * nothing.
 *
 * @returns whether it was kept
 */
export function save(
  results: readonly Result[],
  { date, load }: Beginning,
  options: { readonly processes: number; readonly flags: readonly string[] },
  folder: string = RESULTS,
): boolean {
  const measured = results.filter(({ lines }) => lines.length > 0)
  const [first] = measured
  if (first === undefined) return false
  const { id, title } = first
  const run: SavedRun = {
    id,
    title,
    command: ['pnpm bench', id, ...options.flags].join(' '),
    date: date.toISOString().slice(0, 10),
    processes: options.processes,
    seconds: Math.round((Date.now() - date.getTime()) / 1_000),
    machine: machine(),
    load: { before: load, after: currentLoad() },
    results: measured.map(({ node, method, lines }) => ({ node, method, lines: [...lines] })),
  }
  const path = join(folder, id)
  const text = `${JSON.stringify(run, undefined, 2)}\n`
  parseRun(id, text)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.json`, text)
  writeFileSync(`${path}.svg`, plot(run))
  return true
}

/** In general words: nothing that tells one machine from another of its kind. */
function machine(): SavedRun['machine'] {
  const all = cpus()
  const model = all[0]?.model.trim() ?? ''
  return {
    processors: Math.max(1, all.length),
    model: model === '' ? 'unknown' : model,
    memoryGiB: Math.round(totalmem() / 1_024 ** 3),
  }
}

function currentLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100
}
