import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestStore, type TestStore } from '../../test/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterAll(() => store[Symbol.asyncDispose]())

test('a token of which a single character was changed, added or left out is refused', async () => {
  await using storage = await store.faulty()
  const { token } = await storage.presignUpload('key', { bytes: 4 })
  const end = token.length
  // The last letter of a signature has bits that no byte holds.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.'
  const altered = [
    ...Array.from(letters, (letter) => `${token.slice(0, -1)}${letter}`),
    ...Array.from(letters, (letter) => `${token}${letter}`),
    `${token}.more`,
    ...Array.from({ length: end }, (_, at) => token.slice(0, at) + token.slice(at + 1)),
    ...Array.from({ length: end }, (_, at) => `${token.slice(0, at)}~${token.slice(at + 1)}`),
  ].filter((text) => text !== token)
  for (const text of altered) {
    await expect(storage.abortUpload(text), text).rejects.toMatchObject({
      code: 'invalid_token',
      outcome: 'none',
    })
  }
  await storage.abortUpload(token)
})
