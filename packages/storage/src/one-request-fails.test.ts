import { Cancelled, cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { SteppedHttp, strikeAt, type Stroke } from '@yuzuru/tooling/stepped-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PART, patterned, startTestStore, type TestStore } from '../test/store.ts'
import { createStorage } from './create-storage.ts'
import type { Storage } from './storage.ts'
import type { StorageConfig } from './storage-options.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

interface Case {
  readonly compatibility?: StorageConfig['compatibility']
  /** @returns what `act` needs of it */
  readonly before: (direct: Storage) => Promise<string>
  readonly act: (storage: Storage, given: string) => Promise<unknown>
}

const small = async (direct: Storage): Promise<string> =>
  (await direct.upload('a', patterned(100))).etag

/** Begins uploads of two parts from a browser. @returns the token of the last one */
const begun = async (direct: Storage): Promise<string> => {
  await direct.presignUpload('a', { bytes: PART + 1 })
  return (await direct.presignUpload('b', { bytes: PART + 1 })).token
}

/** The verbs that send more than one request. */
const CASES: Readonly<Record<string, Case>> = {
  'a copy': { before: small, act: (storage) => storage.copy('a', 'b') },
  'a copy in a store without conditions': {
    compatibility: 's3-compatible',
    before: small,
    act: (storage) => storage.copy('a', 'b'),
  },
  'a move': { before: small, act: (storage) => storage.move('a', 'b') },
  'a move in a store without conditions': {
    compatibility: 's3-compatible',
    before: small,
    act: (storage) => storage.move('a', 'b'),
  },
  'the end of an upload': {
    before: begun,
    act: (storage, token) => storage.abortUpload(token),
  },
  'a sweep': { before: begun, act: (storage) => storage.sweepUploads({ olderThanMs: 0 }) },
}

/** What a case comes to when request `at` meets `stroke`; `undefined`: it has fewer. */
async function failAt(given: Case, at: number, stroke: Stroke): Promise<unknown> {
  const { compatibility = 'aws', before, act } = given
  const config = { ...store.config, bucket: await store.bucket(), partSizeBytes: PART }
  await using direct = createStorage(config)
  const made = await before(direct)
  const refusal = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
  await using line = await SteppedHttp.start({ target: store.s3, refusal })
  const endpoint = new URL(line.url(config.endpoint)).origin
  await using storage = createStorage({ ...config, endpoint, attempts: 1, compatibility })
  const isSilent = stroke === 'silent' || stroke === 'held'
  const error = await cancelScope(async (scope) => {
    line.begin(strikeAt(at, stroke), () => isSilent && scope.cancel())
    await act(storage, made)
  }).catch((reason: unknown) => reason)
  if (!line.struck) return undefined
  const done = line.done.map(({ method, path }) => `${method} ${path}`)
  const said = error === undefined ? 'a value' : outcomeOf(error)
  if (isSilent) expect([at, Cancelled.isInstance(error)]).toEqual([at, true])
  return { at, stroke, isTrue: said !== 'none' || done.length === 0, said, done }
}

describe('whatever becomes of one request of', () => {
  test.each(Object.entries(CASES))(
    '%s, the verb says none only where the store has changed nothing, and ends by a cancel',
    async (_, given) => {
      for (const stroke of ['lost', 'refused', 'failed', 'silent', 'held'] as const) {
        let requests = 0
        for (; ; requests += 1) {
          const said = await failAt(given, requests + 1, stroke)
          if (said === undefined) break
          expect(said).toMatchObject({ isTrue: true })
        }
        expect(requests).toBeGreaterThan(1)
      }
    },
    30_000,
  )
})
