import { taskGroup } from '@yuzuru/concurrency'
import { createWorker, defineJob, enqueue } from '@yuzuru/jobs'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import type { Benchmark } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { graphile, ours } from './queues.ts'

const JOBS = 200

/** Puts one job into an idle queue, and resolves once it runs. */
type Once = () => Promise<void>

/** Lets each job say that it runs. */
function bell(): { readonly ring: () => Promise<void>; readonly next: () => Promise<void> } {
  let waiting: (() => void) | undefined
  return {
    ring: async () => waiting?.(),
    next: () => new Promise((resolve) => (waiting = resolve)),
  }
}

async function ourTimes(resources: AsyncDisposableStack): Promise<number[]> {
  const { db } = await ours(resources, 'yuzuru')
  const { ring, next } = bell()
  const job = defineJob<object>({ name: 'ring', run: ring })
  let times: number[] = []
  await taskGroup(async (group) => {
    const worker = group.spawn(() => createWorker(db, { jobs: [job] }).run())
    times = await timesOf(async () => {
      const rung = next()
      await enqueue(db, job, {})
      await rung
    })
    worker.cancel('it is measured')
  })
  return times
}

async function theirTimes(resources: AsyncDisposableStack): Promise<number[]> {
  const { url } = await graphile(resources, 'graphile-worker')
  const { ring, next } = bell()
  const logger = new Logger(() => () => undefined)
  const options = { connectionString: url, logger }
  const utils = await makeWorkerUtils(options)
  const runner = await run({ ...options, noHandleSignals: true, taskList: { ring } })
  const times = await timesOf(async () => {
    const rung = next()
    await utils.addJob('ring', {})
    await rung
  })
  await runner.stop()
  await utils.release()
  return times
}

/** How long each took, in milliseconds, one after the other with a pause: the queue is idle each time. */
async function timesOf(once: Once): Promise<number[]> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 25))
  for (let n = 0; n < 20; n += 1) {
    await once()
    await pause()
  }
  const times: number[] = []
  while (times.length < JOBS) {
    const startedAt = performance.now()
    await once()
    times.push(performance.now() - startedAt)
    await pause()
  }
  return times
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'from the call that enqueues to the first line of the handler, with nothing else to do',
  bars: {
    'yuzuru / graphile-worker, median': { atMost: 1 },
    'yuzuru / graphile-worker, 99 %': { atMost: 1 },
  },
  async measure(resources) {
    const ours = await ourTimes(resources)
    const theirs = await theirTimes(resources)
    const ratio = (part: number): number => quantileOf(ours, part) / quantileOf(theirs, part)
    return [
      { name: 'yuzuru, median', value: quantileOf(ours, 0.5), unit: 'ms' },
      { name: 'graphile-worker, median', value: quantileOf(theirs, 0.5), unit: 'ms' },
      { name: 'yuzuru, 99 %', value: quantileOf(ours, 0.99), unit: 'ms' },
      { name: 'graphile-worker, 99 %', value: quantileOf(theirs, 0.99), unit: 'ms' },
      { name: 'yuzuru / graphile-worker, median', value: ratio(0.5), unit: '×' },
      { name: 'yuzuru / graphile-worker, 99 %', value: ratio(0.99), unit: '×' },
    ]
  },
}
