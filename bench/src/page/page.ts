import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { markdown, number } from '../report.ts'
import type { SavedRun } from '../saved/saved-run.ts'
import { earlierSection } from './earlier.ts'
import { headlineSection } from './headlines.ts'

/** Where what is written by hand is. */
const NOTES = join(import.meta.dirname, '../../notes')

/** The page that is made. */
export const PAGE: string = join(import.meta.dirname, '../../../docs/benchmarks.md')

/** Notes that have their own place on the page; each other is that of a folder of benchmarks. */
const PLACED: ReadonlySet<string> = new Set(['intro', 'measuring', 'earlier', 'adding'])

/** What is written by hand, by the name of its file. */
export type Notes = ReadonlyMap<string, string>

export function readNotes(): Notes {
  const files = globSync('*.md', { cwd: NOTES }).sort()
  return new Map(
    files.map((file) => [basename(file, '.md'), readFileSync(join(NOTES, file), 'utf8').trim()]),
  )
}

/** The folders that have notes. */
export function folderNotes(notes: Notes): string[] {
  return [...notes.keys()].filter((name) => !PLACED.has(name))
}

/** `docs/benchmarks.md`: made of what was measured and of the notes, never by hand. */
export function page(runs: ReadonlyMap<string, SavedRun>, notes: Notes): string {
  const note = (name: string): string => notes.get(name) ?? ''
  const all = [...runs.values()]
  const sections = [
    '<!-- Made by `pnpm bench --page` of bench/results and bench/notes: edit those. -->',
    note('intro'),
    headlineSection(runs, note('earlier')),
    all.length === 0 ? '' : barSection(all),
    earlierSection(note('earlier'), new Set(runs.keys())),
    note('measuring'),
    ...folderNotes(notes).map(note),
    note('adding'),
  ]
  const text = sections.filter((section) => section !== '').join('\n\n')
  return `${text.replaceAll('](../../docs/', '](')}\n`
}

function barSection(runs: readonly SavedRun[]): string {
  const results = runs.flatMap(({ id, title, results: each }) =>
    each.map((result) => ({ id, title, ...result })),
  )
  const bounds = results.flatMap(({ lines }) => lines.flatMap(({ bound }) => bound ?? []))
  const missed = bounds.filter(({ held }) => !held).length
  const why = missed === 0 ? '' : ' What is missed is marked; the notes below say why.'
  return `## All bars

Medians, with the middle half in brackets. ${bounds.length - missed} of ${bounds.length} bars hold.${why}

${markdown(results)}

### How each was measured

| benchmark | plot and figures | command | date | load average | processes | seconds |
|---|---|---|---|---|---|---|
${runs.map(measuredRow).join('\n')}

${machines(runs)}`
}

function measuredRow({ id, command, date, load, processes, seconds }: SavedRun): string {
  const path = `../bench/results/${id}`
  const busy = `${number(load.before)} to ${number(load.after)}`
  return `| \`${id}\` | [plot](${path}.svg), [figures](${path}.json) | \`${command}\` | ${date} | ${busy} | ${processes} | ${seconds} |`
}

function machines(runs: readonly SavedRun[]): string {
  const kinds = new Map<string, string[]>()
  for (const { id, machine } of runs) {
    const { processors, model, memoryGiB } = machine
    const kind = `${processors} processors (${model}) and ${memoryGiB} GiB of memory`
    kinds.set(kind, [...(kinds.get(kind) ?? []), `\`${id}\``])
  }
  const [only] = kinds.keys()
  if (kinds.size === 1) return `All on a machine of ${only}.`
  return Array.from(kinds, ([kind, ids]) => `- ${ids.join(', ')}: on ${kind}.`).join('\n')
}
