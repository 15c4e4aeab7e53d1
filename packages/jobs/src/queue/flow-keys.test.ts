import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue } from './enqueue.ts'
import { enqueueFlow } from './enqueue-flow.ts'

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
})
