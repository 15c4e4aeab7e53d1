import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { generate, sliced } from '../testing/exercise-sources.ts'
import { createFakeStorage } from '../testing/fake-storage.ts'
import { PART, patterned } from '../../test/store.ts'

test('an upload in parts gives its room back, whenever it is cancelled', async () => {
  await using storage = createFakeStorage({ partSizeBytes: PART, parallel: 1 })
  const body = patterned(PART + 1)
  const source = (): AsyncIterable<Uint8Array> => generate(sliced(body, PART))
  const results = new Set<string>()
  for (let turns = 0; !results.has('done'); turns += 1) {
    // There is room for two parts: the third time nothing would move if it was kept.
    for (let time = 0; time < 3; time += 1) {
      const controller = new AbortController()
      const uploading = storage.upload('key', source(), { signal: controller.signal }).then(
        () => 'done',
        (error: Error) => error.name,
      )
      for (let turn = 0; turn < turns; turn += 1) await setImmediate()
      controller.abort()
      results.add(await uploading)
    }
    const sent = await storage.upload('key', source(), { timeoutMs: 10_000 })
    expect(sent.bytes).toBe(PART + 1)
  }
  expect([...results]).toEqual(['Cancelled', 'done'])
  expect(storage.openUploads).toBe(0)
})
