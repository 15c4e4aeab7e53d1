import { IoError } from '@yuzuru/concurrency'
import { describe, expect, test, vi } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

const FIELDS = [
  'name',
  'message',
  'stack',
  'code',
  'outcome',
  'retryable',
  'retryAfterMs',
  'cause',
  'errors',
  'toString',
] as const

const VALUES: Readonly<Record<string, PropertyDescriptor>> = {
  'an object': { value: {} },
  'a number': { value: 7 },
  'a symbol': { value: Symbol('x') },
  null: { value: null },
  'an object that is no text': { value: Object.create(null) },
  'a getter that throws': {
    get: () => {
      throw new Error('do not look at me')
    },
  },
}

const refused = (): IoError =>
  new IoError('no', {
    boundary: 'mail',
    operation: 'send',
    code: 'x',
    retryable: true,
    outcome: 'none',
  })

const KINDS: Readonly<Record<string, () => object>> = {
  'an Error': () => new Error('x'),
  'a TypeError': () => new TypeError('x'),
  'an AggregateError': () => new AggregateError([new Error('x')]),
  'an IoError': refused,
  'no error at all': () => ({}),
}

/** What a handler may throw, by name. */
function* thrown(): Generator<[string, unknown]> {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const field of FIELDS) {
      for (const [what, descriptor] of Object.entries(VALUES)) {
        const error = Object.defineProperty(make(), field, { ...descriptor, configurable: true })
        yield [`${kind} whose ${field} is ${what}`, error]
      }
    }
  }
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  yield ['a revoked proxy', proxy]
  const itself = new AggregateError([])
  itself.errors.push(itself)
  yield ['an error that is a part of itself', itself]
  yield ['undefined', undefined]
  yield ['null', null]
  yield ['a bigint', 7n]
}

/** Runs a job that throws each in turn, and then one that is well. */
async function survives(
  errors: readonly unknown[],
  onEvent?: () => void,
): Promise<readonly [string | undefined, string | undefined]> {
  const { db } = await queue()
  const job = defineJob<{ at: number }>({
    name: 'hostile',
    attempts: 2,
    backoff: () => 0,
    run: async ({ at }) => {
      if (at < errors.length) throw errors[at]
    },
  })
  const bad = await Promise.all(errors.map((_, at) => enqueue(db, job, { at })))
  const good = await enqueue(db, job, { at: errors.length })
  const worker = createWorker(db, { jobs: [job], onEvent })
  // A few of them ask to be tried again a little later.
  do await worker.runUntilIdle()
  while ((await jobStats(db)).waiting > 0)
  const states = new Set<string | undefined>()
  for (const { id } of bad) states.add((await getJob(db, id))?.state)
  return [[...states].join(', '), (await getJob(db, good.id))?.state]
}

describe('a worker survives', () => {
  test('whatever a handler throws: the job is failed, and the next one is run', async () => {
    const errors = Array.from(thrown(), ([, error]) => error)
    expect(errors.length).toBeGreaterThan(300)
    expect(await survives(errors)).toEqual(['failed', 'completed'])
  })

  test('whatever its onEvent throws, at once or later: that becomes a process warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const errors = [
      new Error('no disk for the log, password=hunter2'),
      ...Array.from(thrown(), ([, error]) => error),
    ]
    let at = 0
    const onEvent = (): unknown => {
      const error = errors[at % errors.length]
      at += 1
      // As an `async` function fails.
      if (at % 2 === 0) return Promise.reject(error)
      throw error
    }
    const few = Array.from({ length: errors.length }, () => new Error('x'))
    expect(await survives(few, onEvent)).toEqual(['failed', 'completed'])
    expect(warned).toHaveBeenCalledWith(
      'onEvent failed: no disk for the log, password=[redacted]',
      'WorkerEventWarning',
    )
  })
})
