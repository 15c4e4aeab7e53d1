import { checkpoint, sleep, taskGroup, type TaskGroup } from '@yuzuru/concurrency'
import type { Benchmark, Figure } from '../benchmark.ts'
import { collectGarbage } from '../stopwatch.ts'

const TASKS = 100_000
const MEGABYTE = 1_000_000

/** Starts the tasks and lets them fall asleep. */
async function sleepTogether(group: TaskGroup, tasks: number): Promise<Figure[]> {
  const before = process.memoryUsage()
  const began = performance.now()
  for (let task = 0; task < tasks; task += 1) group.spawn(() => sleep(3_600_000))
  const started = performance.now()
  await checkpoint()
  collectGarbage()
  const after = process.memoryUsage()
  if (group.running !== tasks) throw new Error(`${group.running} of ${tasks} tasks sleep`)
  return [
    { name: 'started', value: (started - began) / 1_000, unit: 's' },
    {
      name: 'heap they hold',
      value: (after.heapUsed - before.heapUsed) / MEGABYTE,
      unit: 'MB',
    },
    {
      name: 'memory of the process, over what it had',
      value: (after.rss - before.rss) / MEGABYTE,
      unit: 'MB',
    },
  ]
}

async function sleepers(tasks: number): Promise<Figure[]> {
  collectGarbage()
  let figures: Figure[] = []
  let asleep = 0
  let group: TaskGroup | undefined
  await taskGroup(async (made) => {
    group = made
    figures = await sleepTogether(made, tasks)
    asleep = performance.now()
    made.cancel()
  }).catch(() => undefined)
  const value = (performance.now() - asleep) / 1_000
  if (group?.running !== 0) throw new Error('Not all tasks ended')
  return [...figures, { name: 'cancelled and ended', value, unit: 's' }]
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: '100,000 sleeping tasks, then cancelled as a whole',
  bars: {
    'heap they hold': { atMost: 150 },
    'memory of the process, over what it had': { atMost: 150 },
    'cancelled and ended': { atMost: 1 },
  },
  async measure() {
    // Loads and compiles what is used, so that the tasks are not charged for it.
    await sleepers(10)
    return await sleepers(TASKS)
  },
}
