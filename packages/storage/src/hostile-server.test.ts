import { cancelScope, IoError } from '@yuzuru/concurrency'
import {
  cancelWhenQuiet,
  type Dice,
  dialogueRuns,
  expectHonest,
  runDialogues,
  within,
} from '@yuzuru/tooling/dialogues'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostileS3 } from '../test/hostile-s3.ts'
import { twistOf } from '../test/s3-twists.ts'
import { PART, patterned, startTestStore, type TestStore } from '../test/store.ts'
import { createStorage } from './create-storage.ts'
import type { Storage } from './storage.ts'
import { StorageError } from './store/storage-error.ts'

const RUNS = dialogueRuns(150)

let store: TestStore
let server: HostileS3
let bucket: string

beforeAll(async () => {
  store = await startTestStore()
  bucket = await store.bucket()
  server = await new HostileS3(store.s3).listen()
  await using storage = connect()
  await seed(storage)
})
afterEach(() => server.calmDown())
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

const BYTES = patterned(20_000)
const LARGE = patterned(PART + 1)

function connect(): Storage {
  return createStorage({
    ...store.config,
    endpoint: server.endpoint,
    bucket,
    partSizeBytes: PART,
    attempts: 1,
    timeouts: { headersMs: 6_000, stallMs: 6_000 },
  })
}

async function seed(storage: Storage): Promise<void> {
  for (const key of ['a/1', 'a/2', 'b/1', 'c/1']) await storage.upload(key, BYTES)
}

type Use = (storage: Storage) => Promise<unknown>

const USES: readonly Use[] = [
  (storage) => storage.upload('a/1', BYTES),
  (storage) => storage.upload('a/1', BYTES, { ifNoneMatch: '*' }),
  (storage) => storage.upload('a/2', LARGE),
  async (storage) => await (await storage.download('a/1')).bytes(),
  (storage) => storage.head('a/1'),
  (storage) => storage.exists('nothing'),
  async (storage) => {
    let seen = 0
    for await (const _ of storage.list({ pageSize: 2 })) if ((seen += 1) === 50) break
  },
  async (storage) => {
    for await (const _ of storage.listFolder({ prefix: 'a/' }));
  },
  (storage) => storage.copy('a/1', 'b/2'),
  (storage) => storage.move('b/1', 'b/3'),
  (storage) => storage.delete('c/1'),
  (storage) => storage.deleteMany(['c/1', 'c/2']),
  (storage) => storage.deletePrefix('c/'),
  (storage) => storage.sweepUploads({ olderThanMs: 60_000 }),
  async (storage) => {
    const { token } = await storage.presignUpload('d/1', { bytes: PART + 1, maxBytes: PART + 1 })
    await storage.presignParts(token)
    await storage.abortUpload(token)
  },
]

async function failureOf(use: Use, storage: Storage): Promise<unknown> {
  try {
    await cancelScope((scope) => {
      cancelWhenQuiet(server, scope, 60)
      return use(storage)
    })
    return undefined
  } catch (error) {
    return error
  }
}

/** A use of the store, and more when it has come to its senses. */
async function dialogue(dice: Dice): Promise<string> {
  const use = dice.pick(USES)
  const storage = connect()
  server.begin(twistOf(dice))
  const error = await within(30_000, failureOf(use, storage))
  expectHonest(error, (one) => IoError.isInstance(one), server.hasWrite && !server.hasRefused)
  server.calmDown()
  await within(30_000, seed(storage))
  const download = await within(30_000, storage.download('a/1'))
  expect(Buffer.from(await download.bytes())).toEqual(BYTES)
  await within(30_000, storage.close())
  await within(30_000, server.deserted())
  return StorageError.isInstance(error)
    ? error.code
    : ((error as Error | undefined)?.name ?? 'well')
}

describe('a hostile store', () => {
  const title = 'gets typed errors, true outcomes and short words, and the next call does well'
  test(title, RUNS, async () => {
    const ends = await runDialogues(RUNS, dialogue)
    // It is a test of something only as long as much of it goes wrong.
    expect(RUNS.runs - (ends.get('well') ?? 0)).toBeGreaterThan(RUNS.runs / 4)
    expect(server.elsewhere).toBe(0)
  })
})
