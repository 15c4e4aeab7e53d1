import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue } from './enqueue.ts'
import { enqueueFlow } from './enqueue-flow.ts'
import { getJob } from './get-job.ts'

interface Payload {
  readonly n: number
}

/** A flow of a first job and one after it, of which the second has a key and replaces. */
function kinds(ran: string[], group?: string) {
  const first = defineJob<object>({
    name: 'first',
    run: async () => void ran.push('first'),
  })
  const second = defineJob<Payload>({
    name: 'second',
    key: () => 'k',
    onConflict: 'replace',
    ...(group === undefined ? {} : { group: () => group }),
    run: async ({ n }) => void ran.push(`second ${n}`),
  })
  return { first, second }
}

describe('a job that waits in a flow', () => {
  test.for(['replace', 'debounce'] as const)(
    'and gets another payload by %s waits on for what comes before it',
    async (onConflict) => {
      for (const isHead of [false, true]) {
        const { db } = await queue()
        const ran: string[] = []
        const { first, second } = kinds(ran)
        const made = await enqueueFlow(db, {
          first: { job: first, payload: {} },
          second: { job: second, payload: { n: 1 }, after: 'first' },
        })
        // Then it is the head of its key, and for later.
        if (isHead) await createWorker(db, { jobs: [second] }).runUntilIdle()
        const options = onConflict === 'debounce' ? { onConflict, delayMs: 1 } : { onConflict }
        const again = await enqueue(db, second, { n: 2 }, options)
        expect(again).toEqual({ ...made.second[0], created: false })
        await createWorker(db, { jobs: [second] }).runUntilIdle()
        expect(ran).toEqual([])
        await createWorker(db, { jobs: [first, second] }).runUntilIdle()
        expect(ran).toEqual(['first', 'second 2'])
      }
    },
  )

  test('has no time at which it is due', async () => {
    const { db } = await queue()
    const { first, second } = kinds([])
    const made = await enqueueFlow(db, {
      first: { job: first, payload: {} },
      second: { job: second, payload: { n: 1 }, after: 'first' },
    })
    const [{ id } = { id: '' }] = made.second
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', runAt: undefined })
    // Nor does it have one once it has ended without it.
    await cancelJob(db, id)
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled', runAt: undefined })
    const far = new Date('2099-01-01')
    const later = await enqueue(db, first, {}, { runAt: far })
    expect(await getJob(db, later.id)).toMatchObject({ runAt: far })
  })
})
