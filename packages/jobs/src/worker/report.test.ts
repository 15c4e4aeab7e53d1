import { taskGroup } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { fillQueue } from '../../test/dashboard-world.ts'
import { queue } from '../../test/queue.ts'
import { loadRunning, loadWorkers } from '../dashboard/running.ts'
import { jobStats } from '../queue/job-stats.ts'
import { reportOf } from './report.ts'

test('a worker says with each heartbeat what its handlers wait for', async () => {
  const { db } = await queue()
  const world = await fillQueue(db)
  await taskGroup(async (group) => {
    const working = group.spawn(world.work)
    await world.begun
    const look = async () => {
      const workers = await loadWorkers(db, {})
      return await loadRunning(db, workers, (await jobStats(db)).lanes, {})
    }
    await expect
      .poll(async () => (await look())[0]?.report)
      .toEqual({
        id: world.runningId,
        steps: ['send the invitations'],
        waits: [{ what: 'semaphore "smtp", 1st in line' }],
      })
    const [worker] = await loadWorkers(db, {})
    expect(worker?.report).toMatchObject({
      concurrency: 10,
      queues: ['default'],
      kinds: ['sync-calendar', 'remind-staff'],
      running: 1,
    })
    working.cancel('the test is over')
  })
})

test('what a worker says is bounded, and text that PostgreSQL takes', () => {
  const report = { id: 'x', steps: ['a\0b'], waits: [] }
  const jobs = Array.from({ length: 500 }, () => ({ report: () => report }))
  const names = Array.from({ length: 500 }, (_, n) => `kind ${n}`)
  const text = reportOf({ queues: names, names }, { places: 1, busy: 500 }, jobs)
  expect(text).not.toContain(String.raw`\u0000`)
  expect(JSON.parse(text)).toMatchObject({
    running: 500,
    jobs: { length: 50 },
    kinds: { length: 100 },
  })
})
