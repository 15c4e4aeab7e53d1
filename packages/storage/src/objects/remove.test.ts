import { outcomeOf } from '@yuzuru/concurrency'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore

beforeAll(async () => {
  store = await startTestStore()
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
})

/** XML 1.0 has no way to write them. */
const UNWRITABLE = ['\u0001', '\u0008', '\u000b', '\u000c', '\u001b', '\u001f', '\ufffe', '\uffff']
/** XML changes these, unless they are escaped. */
const WRITABLE = ['\t', '\n', '\r\n', '\u007f', '\u0085', '\u2028', '&#1;', ']]>', '\u{1f338}']

describe('keys that XML cannot write', () => {
  test.each(['aws', 's3-compatible'] as const)(
    'are deleted like any other, and keep none from being deleted (%s)',
    async (compatibility) => {
      await using storage = await store.faulty({ compatibility })
      const keys = [...UNWRITABLE, ...WRITABLE].map((text) => `plans/${text}`)
      for (const key of [...keys, 'other']) await storage.upload(key, 'x')

      expect(await storage.deleteMany(keys.slice(0, 3))).toBe(3)
      expect(await storage.deletePrefix('plans/')).toBe(keys.length - 3)

      const left = await Array.fromAsync(storage.list(), ({ key }) => key)
      expect(left).toEqual(['other'])
    },
  )

  test('say unknown when one of them cannot be deleted, and others have been', async () => {
    await using storage = await store.faulty({ attempts: 1 })
    await storage.upload('a', 'x')
    await storage.upload('b\u0001', 'x')
    store.proxy.set({ dropReply: { when: 'DELETE /', times: 1 } })
    const error = await storage
      .deleteMany(['b\u0001', 'a'])
      .catch((error: unknown) => error)
      .finally(() => store.proxy.clear())
    expect(outcomeOf(error)).toBe('unknown')
  })
})
