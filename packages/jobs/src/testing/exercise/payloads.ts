import assert from 'node:assert/strict'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { defineJob } from '../../job/define-job.ts'
import type { Job } from '../../job/job.ts'
import { enqueue } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName } from './kinds.ts'

/** Takes numbers as text, and gives the numbers. */
const NUMBER: StandardSchemaV1<string, number> = {
  '~standard': {
    version: 1,
    vendor: 'yuzuru',
    validate: (value) => {
      const number = typeof value === 'string' ? Number(value) : Number.NaN
      return Number.isNaN(number) ? { issues: [{ message: 'is no number' }] } : { value: number }
    },
  },
}

/** What a job is given. */
export const payloadsCases: Cases = {
  'a payload of an older version is upgraded, and a newer one is left for newer workers': async ({
    db,
  }) => {
    const ran: number[] = []
    const of = (name: string, version: number): Job<{ n: number }> =>
      defineJob<{ n: number }>({
        name,
        version,
        upgrade: version === 1 ? {} : { 1: (old) => ({ n: (old as { n: number }).n + 1 }) },
        run: async ({ n }) => {
          ran.push(n)
        },
      })
    const name = ownName()
    await enqueue(db, of(name, 1), { n: 1 })
    await drainJobs(db, [of(name, 2)])
    const { id } = await enqueue(db, of(name, 2), { n: 3 })
    await drainJobs(db, [of(name, 1)])
    assert.deepEqual(ran, [2])
    const { state, attempt } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, attempt], ['waiting', 0])
  },

  'a payload is kept as it was given, whatever JSON it is': async ({ db }) => {
    const given = [null, 0.1, '', '\u{1f600} \\u0000 "\'\n', [], { '': { a: [true, -1e-7] } }]
    const got: unknown[] = []
    const job = defineJob<unknown>({
      name: ownName(),
      run: async (payload) => {
        got.push(payload)
      },
    })
    await enqueue(db, job, given)
    await drainJobs(db, [job])
    assert.deepEqual(got, [given])
  },

  'a payload is checked by its schema when it is enqueued and when it is run': async ({ db }) => {
    const got: number[] = []
    const name = ownName()
    const job = defineJob({
      name,
      schema: NUMBER,
      run: async (number) => {
        got.push(number)
      },
    })
    await assert.rejects(enqueue(db, job, 'seven'), TypeError)
    await enqueue(db, job, '7')
    await enqueue(db, defineJob<string>({ name, run: async () => undefined }), 'eight')
    assert.equal((await drainJobs(db, [job])).failed, 1)
    assert.deepEqual(got, [7])
  },
}
