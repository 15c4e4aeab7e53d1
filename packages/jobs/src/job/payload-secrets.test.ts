import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from './define-job.ts'
import { keptError } from './kept-error.ts'
import { createWorker } from '../worker/worker.ts'

const SECRET = 'correct horse'

const PAYLOADS: readonly (readonly [string, unknown])[] = [
  ['of its own', { password: SECRET }],
  ['deeper down', { user: { credentials: [{ apiKey: SECRET }] } }],
  ['within what is secret', { secret: { parts: [SECRET] } }],
  ['beside its name', { headers: [{ name: 'authorization', value: SECRET }] }],
]

const SENTENCES: readonly ((secret: string) => string)[] = [
  (secret) => `the server says ${secret} is wrong`,
  (secret) => `GET https://example.com/?q=${encodeURIComponent(secret)} failed`,
  (secret) => `got ${JSON.stringify({ echo: secret })}`,
  (secret) => `${secret}${secret}`,
  (secret) => `${'x'.repeat(16_380)}${secret}`,
  (secret) => `${'x'.repeat(1_020)}${secret}`,
]

describe('a secret of the payload', () => {
  test.each(PAYLOADS)('is kept with no error: %s', (_name, payload) => {
    for (const sentence of SENTENCES) {
      const error = Object.assign(new Error(sentence(SECRET)), {
        code: `E ${SECRET}`,
        name: SECRET,
      })
      const kept = JSON.stringify(keptError(error, JSON.stringify(payload)))
      expect(kept).not.toMatch(/corr|horse/)
      expect(JSON.stringify(keptError(error.message, JSON.stringify(payload)))).not.toMatch(
        /corr|horse/,
      )
    }
  })

  test('that is a number is none either', () => {
    const payload = JSON.stringify({ pin: 739_152, planId: 88_412 })
    expect(keptError(new Error('plan 88412: 739152 is wrong'), payload).message).toBe(
      'plan 88412: [redacted] is wrong',
    )
  })

  test('leaves what explains the failure', () => {
    const payload = JSON.stringify({ planId: 'plan-7', office: 'ひまわり', password: SECRET })
    expect(keptError(new Error('plan-7 of ひまわり is closed'), payload).message).toBe(
      'plan-7 of ひまわり is closed',
    )
  })

  test.each([
    '',
    'no json',
    'null',
    '[]',
    '"text"',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ])('is looked for in any payload', (payload) => {
    expect(keptError(new Error('oops'), payload).message).toBe('oops')
  })

  test('does not reach the table of jobs', async () => {
    const { db } = await queue()
    const job = defineJob<{ smtpPassword: string }>({
      name: 'send',
      attempts: 1,
      run: async ({ smtpPassword }) => {
        throw new Error(`535 ${smtpPassword} is not what we know`)
      },
    })
    const { id } = await enqueue(db, job, { smtpPassword: SECRET })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect((await getJob(db, id))?.lastError?.message).toBe('535 [redacted] is not what we know')
  })
})
