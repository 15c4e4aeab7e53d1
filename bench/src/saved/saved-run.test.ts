import { mkdtempDisposableSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../page/fixture.ts'
import { plot } from './plot.ts'
import { begin, save } from './save.ts'
import { parseRun, savedRuns } from './saved-run.ts'

test('what is saved is read again, with its plot beside it', () => {
  using room = mkdtempDisposableSync(join(tmpdir(), 'bench-'))
  const results = run.results.map((result) => ({ ...result, id: run.id, title: run.title }))
  const options = { processes: 2, flags: ['--processes 2'] }
  expect(save(results, begin(), options, room.path)).toBe(true)
  const saved = savedRuns(room.path).get(run.id)
  expect(saved).toMatchObject({ command: run.command, processes: 2, results: run.results })
  expect(readFileSync(join(room.path, `${run.id}.svg`), 'utf8')).toBe(plot(saved ?? run))
})

test('a benchmark that was skipped leaves nothing', () => {
  using room = mkdtempDisposableSync(join(tmpdir(), 'bench-'))
  const skipped = { id: run.id, title: run.title, node: 'v26.10.0', method: '-', lines: [] }
  expect(save([skipped], begin(), { processes: 1, flags: [] }, room.path)).toBe(false)
  expect(savedRuns(room.path).size).toBe(0)
})

const [first, second] = run.results
const cases: { name: string; value: object }[] = [
  { name: 'an unknown field', value: { ...run, host: 'x' } },
  { name: 'a missing field', value: { ...run, load: undefined } },
  { name: 'another benchmark', value: { ...run, id: 'db/other' } },
  { name: 'no day', value: { ...run, date: '29 November' } },
  { name: 'no Node', value: { ...run, results: [] } },
  { name: 'no figures', value: { ...run, results: [{ ...first, lines: [] }] } },
  {
    name: 'a median outside of its middle half',
    value: {
      ...run,
      results: [{ ...second, lines: [{ name: 'x', unit: 's', median: 3, low: 1, high: 2 }] }],
    },
  },
  {
    name: 'a bar that is said to be kept, and is not',
    value: {
      ...run,
      results: [
        {
          ...second,
          lines: [
            {
              name: 'x',
              unit: 's',
              median: 3,
              low: 3,
              high: 3,
              bound: { sense: 'at most', value: 2, held: true },
            },
          ],
        },
      ],
    },
  },
]
for (const { name, value } of cases) {
  test(`a result is refused: ${name}`, () => {
    expect(() => parseRun(run.id, JSON.stringify(value))).toThrow(TypeError)
  })
}
