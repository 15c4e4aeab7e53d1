import { taskGroup, type TaskGroup } from '@yuzuru/concurrency'
import { createWorker, defineJob, enqueue } from '@yuzuru/jobs'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import type { Benchmark } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { bell } from './bell.ts'
import { bullmq } from './bullmq.ts'
import type { IdleQueue } from './idle-queue.ts'
import { graphile, ours } from './queues.ts'
import { hasRedis } from './redis.ts'

/** They take turns: the disk is not as fast at all times. */
const ROUNDS = 20

/** How many jobs each gets before, without a pause: the compiler is done with most by then, as in a service that runs. */
const WARM_UP = 2_000

/** How many jobs each gets in a round. */
const JOBS = 20

const WORDS: Readonly<Record<number, string>> = { 0.5: 'median', 0.99: '99 %' }

async function yuzuru(resources: AsyncDisposableStack, group: TaskGroup): Promise<IdleQueue> {
  const { db } = await ours(resources, 'yuzuru')
  const { ring, next } = bell()
  const job = defineJob<object>({ name: 'ring', run: ring })
  group.spawn(() => createWorker(db, { jobs: [job] }).run())
  return {
    name: 'yuzuru',
    once: async () => {
      const rung = next()
      await enqueue(db, job, {})
      await rung
    },
  }
}

async function graphileWorker(resources: AsyncDisposableStack): Promise<IdleQueue> {
  const { url } = await graphile(resources, 'graphile-worker')
  const { ring, next } = bell()
  const logger = new Logger(() => () => undefined)
  const options = { connectionString: url, logger }
  const utils = await makeWorkerUtils(options)
  const runner = await run({ ...options, noHandleSignals: true, taskList: { ring } })
  resources.defer(async () => {
    await runner.stop()
    await utils.release()
  })
  return {
    name: 'graphile-worker',
    once: async () => {
      const rung = next()
      await utils.addJob('ring', {})
      await rung
    },
  }
}

/** Where there is a Redis, as it comes and as durable as the others. */
async function onRedis(resources: AsyncDisposableStack): Promise<readonly IdleQueue[]> {
  if (!hasRedis()) return []
  return [
    await bullmq(resources, 'BullMQ, Redis on disk', 'on disk'),
    await bullmq(resources, 'BullMQ, Redis in memory', 'in memory'),
  ]
}

/** How long each took, in milliseconds, one after the other with a pause: the queue is idle each time. */
async function timesOf({ once }: IdleQueue): Promise<number[]> {
  const times: number[] = []
  while (times.length < JOBS) {
    const startedAt = performance.now()
    await once()
    times.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, 25))
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
    const times = new Map<string, number[]>()
    await taskGroup(async (group) => {
      const all = [
        await yuzuru(resources, group),
        await graphileWorker(resources),
        ...(await onRedis(resources)),
      ]
      for (const { name, once } of all) {
        times.set(name, [])
        for (let job = 0; job < WARM_UP; job += 1) await once()
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const queue of round % 2 === 0 ? all : all.toReversed()) {
          times.get(queue.name)?.push(...(await timesOf(queue)))
        }
      }
      group.cancel('it is measured')
    })
    const of = (name: string, part: number): number => quantileOf(times.get(name) ?? [], part)
    return [
      ...[0.5, 0.99].flatMap((part) =>
        [...times.keys()].map((name) => ({
          name: `${name}, ${WORDS[part]}`,
          value: of(name, part),
          unit: 'ms',
        })),
      ),
      ...[0.5, 0.99].map((part) => ({
        name: `yuzuru / graphile-worker, ${WORDS[part]}`,
        value: of('yuzuru', part) / of('graphile-worker', part),
        unit: '×',
      })),
    ]
  },
}
