import { taskGroup, withTimeout } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { storageOver } from './bucket-storage.ts'
import { ByteBudget } from './byte-budget.ts'
import { MemoryBackend } from './memory-backend.ts'
import { PART } from './test-store.ts'

const MIB = 1_024 ** 2

describe('the byte budget', () => {
  test('is given back in full by those who give up waiting', async () => {
    const budget = new ByteBudget(4 * MIB)
    const held = await budget.acquire(3 * MIB)
    const waiting = withTimeout(10, () => budget.acquire(2 * MIB))
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(budget.availableBytes).toBe(MIB)
    held.release()
    held.release()
    expect(budget.availableBytes).toBe(4 * MIB)
  })

  test('gives a request that is larger than itself all that it has', async () => {
    const budget = new ByteBudget(4 * MIB)
    using _all = await budget.acquire(100 * MIB)
    expect(budget.availableBytes).toBe(0)
  })

  test('bounds what all uploads of a storage hold together', async () => {
    const gate = Promise.withResolvers<void>()
    class SlowBackend extends MemoryBackend {
      override async putPart(...args: Parameters<MemoryBackend['putPart']>): Promise<string> {
        await gate.promise
        return await super.putPart(...args)
      }
    }
    const backend = new SlowBackend('b')
    await using storage = storageOver({ backend, partBytes: PART, parallel: 2, algorithm: 'CRC32' })
    let read = 0
    async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let chunk = 0; chunk < 11; chunk += 1) {
        read += MIB
        yield Buffer.alloc(MIB, chunk)
      }
    }
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    await taskGroup(async (group) => {
      for (const key of keys) group.spawn(() => storage.upload(key, source()))
      await quiet(() => read)
      // Beyond the budget each upload may have taken one chunk out of its source.
      expect(read).toBeLessThanOrEqual(3 * PART + keys.length * MIB)
      gate.resolve()
    })
    expect(read).toBe(keys.length * 11 * MIB)
    expect([...backend.objects.keys()].sort()).toEqual(keys)
  })
})

test('the memory of parts that have arrived is used again', async () => {
  const memory = new Set<ArrayBufferLike>()
  class SeeingBackend extends MemoryBackend {
    override async putPart(...args: Parameters<MemoryBackend['putPart']>): Promise<string> {
      memory.add(args[1].body.buffer)
      return await super.putPart(...args)
    }
  }
  const backend = new SeeingBackend('b')
  await using storage = storageOver({ backend, partBytes: PART, parallel: 1, algorithm: 'CRC32' })
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let part = 0; part < 8; part += 1) yield Buffer.alloc(PART, part)
  }
  await storage.upload('key', source())
  expect(memory.size).toBe(2)
  const stored = await (await storage.download('key')).bytes()
  expect(Array.from({ length: 8 }, (_, part) => stored[part * PART])).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ])
  // What the caller has in memory stays the caller's.
  const own = Buffer.alloc(2 * PART, 1)
  await storage.upload('own', own)
  await storage.upload('other', source())
  expect(Buffer.compare(own, Buffer.alloc(2 * PART, 1))).toBe(0)
})

/** Waits until nothing moves any more: many turns of the event loop without a change. */
async function quiet(value: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 100; same = value() === last ? same + 1 : 0) {
    last = value()
    await new Promise((resolve) => setImmediate(resolve))
  }
}
