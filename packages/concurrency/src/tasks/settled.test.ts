import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { io } from '../boundary/io.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { outcomeOf } from '../scopes/outcome.ts'
import { shield } from '../scopes/shield.ts'
import { Queue } from '../sync/queue.ts'
import { asCompleted } from './as-completed.ts'
import { gather } from './gather.ts'
import { mapConcurrent } from './map-concurrent.ts'
import { settled } from './settled.ts'
import { workers } from './workers.ts'

const write = { boundary: 'mail', operation: 'send', effect: 'write' } as const

/** Fails at once, beside a shielded write that begins later. */
async function failBesideWrite(): Promise<void> {
  const later = shield(async () => {
    await setImmediate()
    await io(write, {}, () => setImmediate())
  })
  await Promise.all([later, Promise.reject(new Error('no'))])
}

async function first<T>(results: AsyncIterable<T>): Promise<T> {
  for await (const result of results) return result
  throw new Error('There was no result')
}

const failures: Readonly<Record<string, () => Promise<unknown>>> = {
  'workers with onFailure': async () => {
    const queue = new Queue<number>()
    await queue.put(1)
    queue.shutdown()
    const failed = Promise.withResolvers<unknown>()
    const onFailure = (error: unknown): void => failed.resolve(outcomeOf(error))
    await workers(queue, 1, failBesideWrite, { onFailure })
    return await failed.promise
  },
  'gather with settle': async () => {
    const [result] = await gather([failBesideWrite], { settle: true })
    return result.status === 'rejected' ? outcomeOf(result.reason) : result
  },
  'mapConcurrent with settle': async () => {
    const options = { concurrency: 1, settle: true } as const
    const result = await first(mapConcurrent([1], failBesideWrite, options))
    return result.status === 'rejected' ? outcomeOf(result.reason) : result
  },
  'asCompleted with settle': async () => {
    const result = await first(asCompleted([failBesideWrite], { settle: true }))
    return result.status === 'rejected' ? outcomeOf(result.reason) : result
  },
}

test.each(Object.keys(failures))(
  'a failure that is a result counts what its call left behind: %s',
  async (name) => {
    expect(await failures[name]?.()).toBe('unknown')
  },
)

test('a call that fails is a result, within a scope and without one', async () => {
  const failed = new Error('failed')
  const fail = (): never => {
    throw failed
  }
  const ended = { status: 'rejected', reason: failed }
  expect(await settled(fail)).toEqual(ended)
  expect(await cancelScope(() => settled(fail))).toEqual(ended)
})
