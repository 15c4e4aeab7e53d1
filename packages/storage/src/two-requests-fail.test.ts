import { outcomeOf } from '@yuzuru/concurrency'
import { SteppedHttp, type Stroke } from '@yuzuru/tooling/stepped-http'
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

type Verb = (storage: Storage, token: string) => Promise<unknown>

/** The verbs that change something. */
const VERBS: Readonly<Record<string, Verb>> = {
  upload: (storage) => storage.upload('b', patterned(100)),
  'upload of what must not be there': (storage) =>
    storage.upload('b', patterned(100), { ifNoneMatch: '*' }),
  copy: (storage) => storage.copy('a', 'b'),
  move: (storage) => storage.move('a', 'b'),
  delete: (storage) => storage.delete('a'),
  abortUpload: (storage, token) => storage.abortUpload(token),
  sweepUploads: (storage) => storage.sweepUploads({ olderThanMs: 0 }),
}

/** What befalls request `at`, and the one after it, which is the same one tried again. */
interface Blows {
  readonly at: number
  readonly first: Stroke
  readonly second: Stroke
}

const BLOWS: readonly Omit<Blows, 'at'>[] = [
  { first: 'lost', second: 'refused' },
  { first: 'failed after', second: 'refused' },
  { first: 'lost', second: 'cut' },
]

/** What a verb says when so much befalls its requests; `undefined`: it has fewer. */
async function failAt(
  compatibility: StorageConfig['compatibility'],
  verb: Verb,
  { at, first, second }: Blows,
): Promise<unknown> {
  const config = { ...store.config, bucket: await store.bucket() }
  await using direct = createStorage(config)
  await direct.upload('a', patterned(100))
  const { token } = await direct.presignUpload('c', { bytes: PART + 1 })
  const refusal = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
  await using line = await SteppedHttp.start({ target: store.s3, refusal })
  const endpoint = new URL(line.url(config.endpoint)).origin
  await using storage = createStorage({ ...config, endpoint, attempts: 2, compatibility })
  line.begin((count) => (count === at ? first : count === at + 1 ? second : undefined))
  const error: unknown = await verb(storage, token).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!line.struck) return undefined
  const done = line.done.map(({ method, path }) => `${method} ${path}`)
  const said = error === undefined ? 'a value' : outcomeOf(error)
  return { at, first, second, isTrue: said !== 'none' || done.length === 0, said, done }
}

describe.each<[NonNullable<StorageConfig['compatibility']>]>([['aws'], ['s3-compatible']])(
  'whatever befalls a request and the same one tried again, in a store of %s,',
  (compatibility) => {
    test.each(Object.entries(VERBS))(
      '%s says none only where the store has changed nothing',
      async (_, verb) => {
        let trials = 0
        for (const blows of BLOWS) {
          for (let at = 1; ; at += 1) {
            const said = await failAt(compatibility, verb, { ...blows, at })
            if (said === undefined) break
            trials += 1
            expect(said).toMatchObject({ isTrue: true })
          }
        }
        expect(trials).toBeGreaterThan(BLOWS.length - 1)
      },
      30_000,
    )
  },
)
