import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cancelled, outcomeOf, sleep } from '@yuzuru/concurrency'
import { createMail } from '@yuzuru/mail'
import {
  type FaultProxy,
  type S3Server,
  type SmtpServer,
  startFaultProxy,
  startS3,
  startSmtp,
} from '@yuzuru/sandbox'
import { createStorage } from '@yuzuru/storage'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makers } from '../test/makers.ts'
import type { MakeServer } from './testing/exercise-server.ts'

/*
 * What a request waits for ends with its client, down to the wire: seen from the store and from the mail server.
 */

/** The least size of a part. */
const PART = 5 * 1_024 ** 2

let s3: S3Server
let smtp: SmtpServer
/** Counts the connections to the mail server. */
let line: FaultProxy
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-server-'))
  stack.defer(() => rm(dir, { recursive: true }))
  s3 = stack.use(await startS3({ dir }))
  smtp = stack.use(await startSmtp())
  line = stack.use(await startFaultProxy({ target: smtp }))
})
afterAll(() => stack.disposeAsync())
afterEach(() => smtp.setAnswers({}))

/** One request whose handler does `work`; its client leaves once `leaves` is there. Gives what the handler saw. */
async function left(
  make: MakeServer,
  work: () => Promise<unknown>,
  leaves: () => Promise<unknown>,
): Promise<unknown> {
  const seen = Promise.withResolvers<unknown>()
  const server = await make(async () => {
    try {
      await work()
      seen.resolve('it was done')
      return 'done'
    } catch (error) {
      seen.resolve(error)
      throw error
    }
  }, {})
  onTestFinished(() => server.close({ drainMs: 0 }))
  const leaving = httpRequest(server.url, { agent: false })
  leaving.on('error', () => {}).end()
  await leaves()
  leaving.destroy()
  return await seen.promise
}

const all = Object.entries(makers)

test.each(all)(
  'an upload is aborted at the store when its client leaves: %s',
  async (_how, make) => {
    const bucket = `b-${crypto.randomUUID()}`
    await s3.createBucket(bucket)
    const { endpoint, accessKeyId, secretAccessKey } = s3
    await using storage = createStorage({
      endpoint,
      bucket,
      credentials: { accessKeyId, secretAccessKey },
      partSizeBytes: PART,
    })
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(PART)
      yield Buffer.alloc(PART)
      await sleep(Infinity)
    }
    const { AbortMultipartUpload: before = 0 } = s3.requests
    const parts = async (): Promise<number | undefined> =>
      (await s3.uploads(bucket))[0]?.parts.length
    const seen = await left(
      make,
      () => storage.upload('plan.pdf', body()),
      () => expect.poll(parts, { interval: 5, timeout: 20_000 }).toBe(2),
    )
    expect([Cancelled.isInstance(seen), outcomeOf(seen)]).toEqual([true, 'none'])
    // By now: the call ends when the store has heard of it.
    expect(s3.requests['AbortMultipartUpload']).toBe(before + 1)
    expect([await s3.uploads(bucket), await s3.keys(bucket)]).toEqual([[], []])
  },
)

/** Where a mail is when the client of its request leaves. */
interface Stage {
  readonly outcome: 'none' | 'unknown'
  /** Has the mail get there, and no further. */
  readonly hold: (there: () => void) => void
}

const stages: Readonly<Record<string, Stage>> = {
  'before DATA': {
    outcome: 'none',
    hold: (there) => {
      smtp.setAnswers({
        onRecipient: () => {
          there()
          return new Promise(() => {})
        },
      })
    },
  },
  'behind DATA, unanswered': {
    outcome: 'unknown',
    hold: (there) => {
      smtp.setAnswers({
        onMessage: () => {
          there()
          return { silent: 'lost' }
        },
      })
    },
  },
}

describe.each(Object.entries(stages))('a mail %s', (_stage, { outcome, hold }) => {
  test.each(all)('ends with its connection when its client leaves: %s', async (_how, make) => {
    const there = Promise.withResolvers<void>()
    hold(there.resolve)
    await using mail = createMail({ host: line.host, port: line.port, from: 'a@example.jp' })
    const connections = (): number => line.connections
    const seen = await left(
      make,
      () => mail.send({ to: 'hanako@example.jp', subject: 'plan', text: 'plan' }),
      async () => {
        await there.promise
        expect(connections()).toBe(1)
      },
    )
    expect([Cancelled.isInstance(seen), outcomeOf(seen)]).toEqual([true, outcome])
    await expect.poll(connections, { interval: 5, timeout: 20_000 }).toBe(0)
    expect(smtp.inbox.messages).toEqual([])
  })
})
