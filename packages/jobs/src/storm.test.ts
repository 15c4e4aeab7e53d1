import { expect, test } from 'vitest'
import { yuzuru } from '../test/storm-contenders.ts'
import { storm } from '../test/storm.ts'

test('a storm loses no job, and does none twice whose effect is in its transaction', async () => {
  const contender = yuzuru(['plain', 'transactional', 'stepped'])
  const result = await storm({ contender, jobs: 300, workers: 3, pauseMs: 300, blows: 6 })
  expect(result).toMatchObject({
    lost: 0,
    doubled: { transactional: 0, stepped: 0 },
    unfinished: 0,
    failed: 0,
  })
  // Each kind of blow fell at least once.
  expect(Object.keys(result.blows)).toHaveLength(6)
}, 600_000)
