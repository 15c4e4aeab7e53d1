import { sleep, taskGroup } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { pauseQueue } from '../queue/pause-queue.ts'
import { stats } from './stats.ts'
import { textTable } from './text-table.ts'

/** What `stats --watch` writes to a terminal of 80 columns until it has looked twice. */
async function watched(env: Record<string, string>, columns = 80): Promise<string> {
  const { db } = await queue()
  const name = 'remind-everybody-of-the-plan-\u001B[2J'.padEnd(190, 'x')
  await enqueue(db, defineJob<object>({ name, queue: 'slow', run: async () => undefined }), {})
  await pauseQueue(db, { queue: 'slow' })
  let written = ''
  const twice = Promise.withResolvers<void>()
  const write = (text: string): void => {
    written += text
    if (written.split('\u001B[H').length > 2) twice.resolve()
  }
  const terminal = { stdout: { isTTY: true, columns, write }, stderr: { write }, env }
  const config = {
    db: db as never,
    jobs: [],
    crons: undefined,
    [Symbol.asyncDispose]: () => sleep(0),
  }
  await taskGroup(async (group) => {
    const options = { watch: true, every: '1' }
    const task = group.spawn(() =>
      stats({ command: 'stats', id: undefined, options }, config, terminal),
    )
    await twice.promise
    task.cancel('the test is over')
  })
  return written
}

// oxlint-disable-next-line no-control-regex
const CODES = /\u001B\[[\d;]*[A-Za-z]/g

describe('stats --watch in a terminal', () => {
  test('stays in place, fits, and lets no name of a kind control it', async () => {
    const written = await watched({})
    expect(written.split('\u001B[H')).toHaveLength(3)
    expect(written).not.toContain('\u001B[2J')
    expect(written).toContain('\u001B[33m')
    for (const line of written.replaceAll(CODES, '').split('\n')) {
      expect(line.length, line).toBeLessThanOrEqual(80)
    }
    expect(written).toContain('Paused: queue slow')
  })

  test('has no colours with NO_COLOR', async () => {
    // oxlint-disable-next-line no-control-regex
    expect(await watched({ NO_COLOR: '1' })).not.toMatch(/\u001B\[\d+m/)
  })
})

test('a table cuts what gives way, by the columns of a terminal', () => {
  const columns = [
    { title: 'kind', canShrink: true },
    { title: 'due', align: 'right' as const },
  ]
  expect(textTable(columns, [['予約のお知らせを送る', '12']], 18)).toEqual([
    'kind           due',
    '予約のお知ら…   12',
  ])
  expect(textTable(columns, [], 80)).toEqual(['kind  due'])
})
