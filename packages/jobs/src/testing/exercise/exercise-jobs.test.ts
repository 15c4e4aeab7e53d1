import { createDatabase, transaction } from '@yuzuru/db'
import { CamelCasePlugin, ParseJSONResultsPlugin } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../../queue/enqueue.ts'
import { queue } from '../../../test/queue.ts'
import { defineJob } from '../../job/define-job.ts'
import { drainJobs, exerciseJobs } from '../../testing.ts'

describe('exerciseJobs', () => {
  const plain = exerciseJobs(async () => {
    const { db } = await queue()
    return {
      db,
      transaction: (fn) => db.transaction().execute(fn),
      [Symbol.asyncDispose]: async () => undefined,
    }
  })

  for (const { name, run } of plain) test(`on a plain Kysely: ${name}`, run)

  const ours = exerciseJobs(async () => {
    const { url } = await queue()
    const db = createDatabase<unknown>({
      url,
      plugins: [new CamelCasePlugin(), new ParseJSONResultsPlugin()],
    })
    const close = (): Promise<void> => db.close()
    return { db, transaction: (fn) => transaction(db, fn), [Symbol.asyncDispose]: close }
  })

  for (const { name, run } of ours) {
    test(`on a database of @yuzuru/db, with plugins: ${name}`, run)
  }
})

describe('drainJobs', () => {
  test('runs also what a job enqueues, and gives what failed', async () => {
    const { db } = await queue()
    const child = defineJob<object>({
      name: 'child',
      attempts: 1,
      run: async () => {
        throw new Error('child')
      },
    })
    const parent = defineJob<object>({
      name: 'parent',
      run: async () => {
        await enqueue(db, child, {})
      },
    })
    await enqueue(db, parent, {})
    const drained = await drainJobs(db, [parent, child])
    expect(drained).toMatchObject({ completed: 1, failed: 1, retrying: 0 })
    expect(drained.errors).toMatchObject([{ message: 'child' }])
  })
})
