import { sleep, taskGroup } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { describe, expect, test, vi } from 'vitest'
import { queue } from '../../test/queue.ts'
import { enqueue } from '../queue/enqueue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'
import { type WorkerLine, type WorkerLog, writeEvent } from './worker-log.ts'

interface Written {
  readonly level: keyof WorkerLog
  readonly line: WorkerLine
  readonly message: string
}

function keeping(): WorkerLog & { readonly written: Written[] } {
  const written: Written[] = []
  const at = (level: keyof WorkerLog) => (line: WorkerLine, message: string) =>
    void written.push({ level, line, message })
  return { written, info: at('info'), warn: at('warn'), error: at('error') }
}

describe('the log of a worker', () => {
  test('has a line for each attempt that has ended, with the error of one that failed', async () => {
    const { db } = await queue()
    const nobody = new Error('nobody answers')
    const remind = defineJob<{ staff: string }>({
      name: 'remind',
      attempts: 2,
      backoff: () => 0,
      run: async ({ staff }) => {
        if (staff === 'taro') throw nobody
      },
    })
    await enqueue(db, remind, { staff: 'hanako' })
    await enqueue(db, remind, { staff: 'taro' })
    const log = keeping()
    await createWorker(db, { jobs: [remind], log }).runUntilIdle()

    const said = log.written.map(
      ({ level, line, message }) => `${level} ${line.attempt}: ${message}`,
    )
    expect(said.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'error 2: remind: failed',
      'info 1: remind: completed',
      'warn 1: remind: retrying',
    ])
    const errors = log.written.flatMap(({ line }) => ('err' in line ? [line.err] : []))
    expect(errors).toEqual([nobody, nobody])
    expect(JSON.stringify(log.written)).not.toContain('taro')
  })

  test('says that the database is away', async () => {
    await using db = createDatabase<object>({ url: 'postgres://a:b@127.0.0.1:1/none' })
    const remind = defineJob({ name: 'remind', run: async () => {} })
    const log = keeping()
    const heard = Promise.withResolvers<void>()
    const error = (line: WorkerLine, message: string): void => {
      log.error(line, message)
      heard.resolve()
    }
    await taskGroup(async (group) => {
      const working = group.spawn(() =>
        createWorker(db, { jobs: [remind], log: { ...log, error } }).run(),
      )
      await heard.promise
      working.cancel('enough')
    })
    expect(log.written[0]?.line).toMatchObject({
      event: 'error',
      err: { code: 'connection_failed' },
    })
  })

  test('that fails is warned of, and the worker goes on', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const { db } = await queue()
    const remind = defineJob<object>({ name: 'remind', run: () => sleep(0) })
    await enqueue(db, remind, {})
    const refuse = (): never => {
      throw new Error('the disk is full')
    }
    const events: string[] = []
    const onEvent = ({ type }: WorkerEvent): void => void events.push(type)
    const log = { info: refuse, warn: refuse, error: refuse }
    await createWorker(db, { jobs: [remind], log, onEvent }).runUntilIdle()
    expect(events).toEqual(['started', 'completed'])
    expect(warn).toHaveBeenCalledWith('log failed: the disk is full', 'WorkerEventWarning')
    warn.mockRestore()
  })

  const info = { jobId: '7', name: 'remind', attempt: 1 }
  const error = new Error('no')
  test.each<[WorkerEvent, keyof WorkerLog, string]>([
    [{ type: 'cancelled', ...info }, 'info', 'remind: cancelled'],
    [{ type: 'returned', error, ...info }, 'info', 'remind: returned'],
    [{ type: 'sleeping', delayMs: 5, ...info }, 'info', 'remind: sleeping'],
    [{ type: 'snoozed', delayMs: 5, ...info }, 'info', 'remind: snoozed'],
    [{ type: 'lost', ...info }, 'warn', 'remind: lost'],
    [{ type: 'blocked', forMs: 20_000 }, 'warn', 'the event loop: blocked'],
    [
      { type: 'recovered', job: { id: '7', name: 'remind', attempt: 1, state: 'waiting' } },
      'warn',
      'remind: recovered',
    ],
    [
      { type: 'fired', cron: 'nightly', at: new Date(0), jobId: '7', created: true },
      'info',
      'nightly: fired',
    ],
    [{ type: 'missed', cron: 'nightly', at: new Date(0) }, 'warn', 'nightly: missed'],
    [{ type: 'error', operation: 'claim', error }, 'error', 'claim: error'],
  ])('has its level for %o', (event, level, message) => {
    const log = keeping()
    writeEvent(log, event)
    expect(log.written).toMatchObject([{ level, message, line: { event: event.type } }])
  })

  test('is no line for an attempt that begins', () => {
    const log = keeping()
    writeEvent(log, { type: 'started', ...info })
    expect(log.written).toEqual([])
  })

  test.each([
    [true, 'Expected log to be an object, got true'],
    [{ info: () => {} }, 'Expected log.warn to be a function, got undefined'],
  ])('is refused when it is none: %o', async (log, message) => {
    const { db } = await queue()
    const jobs = [defineJob({ name: 'remind', run: async () => {} })]
    expect(() => createWorker(db, { jobs, log: log as never })).toThrow(message)
  })
})
