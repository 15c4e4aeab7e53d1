import { Queue, Worker } from 'bullmq'
import { bell } from './bell.ts'
import type { IdleQueue } from './idle-queue.ts'
import { type RedisWrites, startRedis } from './redis.ts'

/** BullMQ on a Redis of its own, with a worker that has nothing to do. */
export async function bullmq(
  resources: AsyncDisposableStack,
  name: string,
  writes: RedisWrites,
): Promise<IdleQueue> {
  const connection = { path: await startRedis(resources, writes), maxRetriesPerRequest: null }
  const { ring, next } = bell()
  const queue = new Queue('ring', { connection })
  const worker = new Worker('ring', ring, { connection })
  resources.defer(async () => {
    await worker.close()
    await queue.close()
  })
  await worker.waitUntilReady()
  return {
    name,
    once: async () => {
      const rung = next()
      await queue.add('ring', {})
      await rung
    },
  }
}
