import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { type Handler, stepping } from '../../test/stepping.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'

describe('a step', () => {
  test.each<[string, Handler, string]>([
    [
      'a name that was used before',
      async ({ step }) => {
        await step('twice', () => 1)
        await step('twice', () => 2)
      },
      'Expected the steps of a run to have names that differ, got "twice" twice',
    ],
    [
      'a result that JSON would change',
      async ({ step }) => void (await step('date', () => ({ at: new Date(0) }))),
      'Expected the result of "date".at to be JSON',
    ],
    [
      'an empty name',
      async ({ step }) => void (await step('', () => 1)),
      'Expected the name of the step to be 1 to 200 characters',
    ],
    [
      'half a character as a name',
      async ({ step }) => void (await step('\ud83d', () => 1)),
      'Expected the name of the step to be well-formed text',
    ],
    [
      'a result of more than 1 MiB',
      async ({ step }) => void (await step('large', () => 'x'.repeat(1_048_576))),
      'Expected the result of "large" to take at most 1048576 bytes',
    ],
    [
      'a misspelt option',
      async ({ step }) => void (await step('x', () => 1, { timeoutms: 1 } as never)),
      'did you mean "timeoutMs"?',
    ],
    [
      'a tx without a database',
      async ({ step }) => void (await step('x', (async (tx: unknown) => tx) as never)),
      'Expected a database before a function that takes a tx',
    ],
    [
      'a step within another',
      async ({ step }) => void (await step('outer', () => step('inner', () => 1))),
      'Expected a step outside of all others, got "inner" within another',
    ],
    [
      'a sleep within a step',
      ({ step }) => step('outer', () => step.sleep('inner', 3_600_000)),
      'Expected a step outside of all others, got "inner" within another',
    ],
  ])('refuses %s, and fails the job at once', async (_, run, message) => {
    const { db } = await queue()
    const job = stepping(run)
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
  })

  test('refuses that completeIn is given its own transaction', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step, completeIn }) => {
      await step('x', db, (tx) => completeIn(tx))
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain('Expected tx to be a transaction of the handler')
  })

  test('refuses to begin behind completeIn, whose transaction has the job locked', async () => {
    const { db } = await queue()
    let isRun = false
    const job = stepping(async ({ step, completeIn }) => {
      await db.transaction().execute(async (tx) => {
        await completeIn(tx)
        await step('late', () => (isRun = true))
      })
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain('Expected all steps before completeIn, got "late"')
    expect(isRun).toBe(false)
  })

  test('shows no more than the beginning of a long name', async () => {
    const { db } = await queue()
    const name = `mail to ${'hanako.yamada@example.jp '.repeat(4)}`
    const job = stepping(async ({ step }) => {
      await step(name, () => 1)
      await step(name, () => 2)
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const message = (await getJob(db, id))?.lastError?.message
    expect(message).toContain(`got "${name.slice(0, 39)}…" twice`)
  })

  test('refuses a transaction in place of a database', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => {
      await db.transaction().execute((tx) => step('x', tx, async () => undefined))
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect((await getJob(db, id))?.lastError?.message).toContain('a step commits by itself')
  })
})
