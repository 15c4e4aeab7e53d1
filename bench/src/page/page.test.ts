import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { boundsOf } from '../bars.ts'
import { allBenchmarks, loadBenchmark } from '../catalogue.ts'
import { plot } from '../saved/plot.ts'
import { RESULTS, type SavedRun, savedRuns } from '../saved/saved-run.ts'
import { problemsOf } from './check.ts'
import { run } from './fixture.ts'
import { HEADLINES } from './headlines.ts'
import { folderNotes, page, PAGE, readNotes } from './page.ts'

const runs = savedRuns()
const notes = readNotes()

test('docs/benchmarks.md is what `pnpm bench --page` writes', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(page(runs, notes))
})

test('results, benchmarks and notes are in step', async () => {
  const loaded = allBenchmarks().map(async (id) => [id, await loadBenchmark(id)] as const)
  const benchmarks = new Map(await Promise.all(loaded))
  const earlier = notes.get('earlier') ?? ''
  expect(problemsOf({ benchmarks, runs, earlier, notes: folderNotes(notes) })).toEqual([])
})

test('each package has benchmarks of its own', () => {
  const packages = readdirSync(join(import.meta.dirname, '../../../packages'))
  const folders = new Set(allBenchmarks().map((id) => id.split('/')[0]))
  expect(packages.length).toBeGreaterThan(10)
  expect(packages.filter((name) => !folders.has(name))).toEqual([])
})

test('the plot beside each result is that of the result', () => {
  for (const [id, each] of runs) {
    expect(readFileSync(join(RESULTS, `${id}.svg`), 'utf8'), id).toBe(plot(each))
  }
})

test('each figure that the page leads with is a bar of its benchmark', async () => {
  for (const { id, figure } of HEADLINES) {
    expect([...boundsOf(await loadBenchmark(id)).keys()], id).toContain(figure)
  }
})

const earlier = `## Measured earlier

| benchmark | figure | bar | Node 26.10.0 | Node 24.21.0 | measured by |
|---|---|---|---|---|---|
${HEADLINES.map(({ id, figure }) => `| \`${id}\` | ${figure} | - | 3× | | \`pnpm bench ${id}\`, quiet |`).join('\n')}
| \`db/example\` | ours / theirs | at most 1.5× | 7.77× | | by hand |`
const written = new Map([
  ['intro', '# Benchmarks'],
  ['earlier', earlier],
  ['db', '## `pnpm bench db`\n\nSee [why](../../docs/decisions/0001-x.md).'],
])

test('a page without results has the earlier figures', () => {
  const made = page(new Map(), written)
  expect(made).toContain('7.77×')
  expect(made).toContain('**3×** on Node 26 ([measured earlier](#measured-earlier)')
  expect(made).not.toContain('## All bars')
  expect(made).toContain('[why](decisions/0001-x.md)')
})

test('a result takes the place of its earlier figures, and says how it was measured', () => {
  const made = page(new Map([[run.id, run]]), written)
  expect(made).not.toContain('7.77×')
  expect(made).toContain('## Measured earlier')
  expect(made).toContain('1 of 2 bars hold.')
  expect(made).toContain('2.00× (1.50 to 2.50) **missed** | 1.00× (1.00 to 1.00) |')
  expect(made).toContain('| `pnpm bench db/example --processes 2` | 2026-11-29 | 0.500 to 1.50 |')
})

test('a page of results alone leads with their plots, and has nothing of earlier', () => {
  const all = HEADLINES.map(({ id, figure }): [string, SavedRun] => {
    const lines = [{ name: figure, unit: '×', median: 2, low: 2, high: 2 }]
    return [id, { ...run, id, results: [{ node: 'v26.10.0', method: '-', lines }] }]
  })
  const made = page(new Map([...all, [run.id, run]]), written)
  expect(made).not.toContain('Measured earlier')
  expect(made).toContain('**2.00×** on Node 26.10.0')
  expect(made).toContain('](../bench/results/db/endpoint.svg)')
  expect(made).toContain('By `pnpm bench db/example --processes 2`, 2026-11-29, load average')
})
