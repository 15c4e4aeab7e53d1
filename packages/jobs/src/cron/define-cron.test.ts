import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { type CronOptions, defineCron } from './define-cron.ts'

const job = defineJob({
  name: 'remind',
  schema: z.object({ n: z.number() }),
  run: async () => undefined,
})
const fine = { name: 'nightly', job, payload: { n: 1 }, schedule: '30 2 * * *' }

type Wrong = Partial<Record<keyof CronOptions<unknown>, unknown>>

const WRONG: Readonly<Record<string, readonly [Wrong, string]>> = {
  'a word for an expression': [{ schedule: 'daily' }, 'Expected schedule'],
  'a minute too many': [{ schedule: '60 2 * * *' }, 'Expected schedule'],
  'four fields': [{ schedule: '* * * *' }, 'Expected schedule'],
  'an expression that never comes': [{ schedule: '0 0 30 2 *' }, 'Expected schedule to have times'],
  'no expression': [{ schedule: undefined }, 'Expected schedule'],
  'an unknown zone': [{ timeZone: 'Europe/Atlantis' }, 'Expected timeZone'],
  'an unknown policy': [{ missed: 'some' }, 'Expected missed to be one of skip, once, all'],
  'a lateness below zero': [{ lateMs: -1 }, 'Expected lateMs'],
  'an empty name': [{ name: '' }, 'Expected name'],
  'what is no job': [{ job: {} }, 'Expected job to be made by defineJob'],
  'a payload that is no JSON': [{ payload: { n: NaN } }, 'Expected payload.n to be JSON'],
  'a payload that the job refuses': [{ payload: { n: 'x' } }, 'Expected the payload to be one'],
}

describe('defineCron', () => {
  for (const [name, [wrong, message]] of Object.entries(WRONG)) {
    test(`refuses ${name}`, () => {
      const define = () => defineCron({ ...fine, ...wrong } as never)
      expect(define).toThrow(TypeError)
      expect(define).toThrow(message)
    })
  }

  test('has defaults, and a payload for each time', () => {
    expect(defineCron(fine)).toMatchObject({ timeZone: 'UTC', missed: 'skip', lateMs: 60_000 })
    const at = new Date()
    expect(defineCron(fine).payloadAt(at)).toEqual({ n: 1 })
    const made = defineCron({ ...fine, payload: (time) => ({ n: time.getTime() }) })
    expect(made.payloadAt(at)).toEqual({ n: at.getTime() })
  })

  test('a worker refuses what is none, and two of one name', async () => {
    const { db } = await queue()
    const worker = (crons: unknown) => () =>
      createWorker(db, { jobs: [job], crons: crons as never })
    expect(worker([{}])).toThrow('Expected crons to be an array of what defineCron makes')
    expect(worker([defineCron(fine), defineCron(fine)])).toThrow('Expected crons to have names')
  })
})
