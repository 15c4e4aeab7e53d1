import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStorage } from './create-storage.ts'
import { PART, patterned, startTestStore, type TestStore } from '../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

const small = patterned(1_000)
const large = patterned(PART + 1)

describe('what is said of an effect is true, of', () => {
  test.each([
    ['an upload of one request', small, 120, 12],
    ['an upload in parts', large, 40, 120],
  ] as const)('%s', async (_, body, rounds, withinMs) => {
    const set =
      (faults: Parameters<typeof store.proxy.set>[0]): Fault =>
      () => {
        store.proxy.set(faults)
        return () => store.proxy.clear()
      }
    await using storage = await store.faulty({ attempts: 1 })
    await using direct = createStorage({ ...store.config, bucket: storage.bucket })
    const tally = await exerciseOutcomes(
      {
        act: (id) => storage.upload(id, body, { ifNoneMatch: '*' }),
        count: async (id) => ((await direct.exists(id)) ? 1 : 0),
        faults: {
          'the last answer is lost': set({ dropReply: { when: 'POST', times: 1 } }),
          'an answer to a PUT is lost': set({ dropReply: { when: 'PUT', times: 1 } }),
          'a PUT is refused': set({ status: { code: 503, when: 'PUT', times: 1 } }),
          'the connection breaks': set({ resetAfterBytes: { toServer: 700 } }),
          'no connection is taken': set({ refuse: true }),
        },
      },
      { rounds, withinMs },
    )
    expect(tally.value).toBeGreaterThan(0)
  })
})
