import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { yuzuru } from '../test/storm-contenders.ts'
import { storm } from '../test/storm.ts'

test('a storm loses no job, and does none twice whose effect is in its transaction', async () => {
  const contender = yuzuru(['plain', 'transactional', 'stepped', 'batched'])
  const result = await storm({ contender, jobs: 300, workers: 3, pauseMs: 300, blows: 6 })
  expect(result).toMatchObject({
    lost: 0,
    doubled: { transactional: 0, stepped: 0, batched: 0 },
    unfinished: 0,
    failed: 0,
  })
  // Each kind of blow fell at least once.
  expect(Object.keys(result.blows)).toHaveLength(6)
}, 600_000)

test('the program of the storm drives yuzuru, graphile-worker and pg-boss, and its table has all three', async () => {
  const program = fileURLToPath(new URL('../test/storm-main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, '3', 'all', '1'])
  const table = stdout.split('\n').filter((line) => line.startsWith('| '))
  const cells = table.map((line) => line.split('|').map((cell) => cell.trim()))
  const [head = [], , ...rows] = cells
  expect(rows.map(([, name]) => name)).toEqual([
    'yuzuru',
    'graphile-worker 0.18.0',
    'pg-boss 12.38.0',
  ])
  // One blow, on a worker that has just been started: no queue has an excuse.
  const accounts = { jobs: '6', done: '6', lost: '0', 'failed for good': '0', unfinished: '0' }
  for (const row of rows) {
    const of = Object.fromEntries(head.map((title, at) => [title, row[at]]))
    expect(of).toMatchObject(accounts)
  }
}, 600_000)
