import { expect, test } from 'vitest'
import { storm } from '../test/storm.ts'

test('a storm loses no job, and does none twice whose effect is in its transaction', async () => {
  const jobs = 300
  const result = await storm({ jobs, workers: 3, pauseMs: 300, blows: 6 })
  expect(result).toMatchObject({
    lost: 0,
    transactionalAgain: 0,
    steppedAgain: 0,
    stats: { completed: 3 * jobs, waiting: 0, running: 0, failed: 0, cancelled: 0 },
  })
  // Each kind of blow fell at least once.
  expect(Object.keys(result.blows)).toHaveLength(6)
}, 600_000)
