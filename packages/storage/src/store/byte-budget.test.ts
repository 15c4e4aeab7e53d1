import { cancelScope, taskGroup } from '@yuzuru/concurrency'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storageOver } from '../bucket-storage.ts'
import { ByteBudget, type PartLease } from './byte-budget.ts'
import { createFakeStorage } from '../testing/fake-storage.ts'
import { MemoryBackend } from '../testing/memory-backend.ts'
import { PART } from '../../test/store.ts'

const MIB = 1_024 ** 2
/** What the budget counts in. */
const UNIT = 64 * 1_024

describe('the byte budget', () => {
  test('is given back in full by those who give up waiting', async () => {
    const budget = new ByteBudget(4 * MIB)
    const held = budget.open(3 * MIB)
    await held.reach(3 * MIB)
    const other = budget.open(2 * MIB)
    const waiting = cancelScope(async (scope) => {
      const reaching = other.reach(2 * MIB)
      scope.cancel()
      await reaching
    })
    await expect(waiting).rejects.toMatchObject({ name: 'Cancelled' })
    other.release()
    expect(budget.availableBytes).toBe(MIB)
    held.release()
    held.release()
    expect(budget.availableBytes).toBe(4 * MIB)
  })

  test('gives a request that is larger than itself all that it has', async () => {
    const budget = new ByteBudget(4 * MIB)
    using all = budget.open(100 * MIB)
    for (let bytes = MIB; bytes <= 100 * MIB; bytes += MIB) await all.reach(bytes)
    expect(budget.availableBytes).toBe(0)
  })

  test('never holds more than it has, and comes to an end whatever arrives when', async () => {
    const part = fc.record({ claim: fc.integer({ min: 1, max: 40 }), sends: fc.nat(3) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 48 }),
        fc.infiniteStream(fc.nat()),
        async (uploads, units, choices) => {
          const budget = new ByteBudget(units * UNIT)
          // What may go on by itself next: bytes that arrive, a part that has been sent.
          const ready: (() => void)[] = []
          const turn = (): Promise<void> => new Promise((resolve) => ready.push(resolve))
          const state = { running: uploads.length }
          const send = async (lease: PartLease, turns: number): Promise<void> => {
            for (let left = turns; left > 0; left -= 1) await turn()
            lease.release()
          }
          const upload = async (parts: readonly { claim: number; sends: number }[]) => {
            const sending: Promise<void>[] = []
            for (const { claim, sends } of parts) {
              await turn()
              const lease = budget.open(claim * UNIT)
              for (let size = 1; size <= claim; size += 1 + (sends % 2)) {
                await lease.reach(size * UNIT)
                expect(budget.availableBytes).toBeGreaterThanOrEqual(0)
                await turn()
              }
              lease.settle()
              sending.push(send(lease, sends))
            }
            await Promise.all(sending)
            state.running -= 1
          }
          const all = Promise.all(uploads.map(upload))
          all.catch(() => undefined)
          while (state.running > 0) {
            await new Promise((resolve) => setImmediate(resolve))
            // Nobody could go on: all would wait for one another.
            expect(state.running === 0 || ready.length > 0).toBe(true)
            const at = choices.next().value % Math.max(1, ready.length)
            ready.splice(at, 1)[0]?.()
          }
          await all
          expect(budget.availableBytes).toBe(units * UNIT)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('lets no newcomer pass a part that waits', async () => {
    const budget = new ByteBudget(4 * UNIT)
    const [first, second] = [budget.open(UNIT), budget.open(2 * UNIT)]
    await first.reach(UNIT)
    await second.reach(2 * UNIT)
    const order: string[] = []
    const large = budget.open(4 * UNIT)
    const waiting = large.reach(4 * UNIT)?.then(() => order.push('large'))
    const small = budget.open(UNIT)
    const behind = small.reach(UNIT)?.then(() => order.push('small'))
    expect([waiting, behind]).not.toContain(undefined)
    first.release()
    await new Promise((resolve) => setImmediate(resolve))
    // There would be room for the small one.
    expect([order, budget.availableBytes]).toEqual([[], 2 * UNIT])
    second.release()
    await waiting
    large.release()
    await behind
    expect(order).toEqual(['large', 'small'])
  })

  test('asks for nothing more on behalf of a part that has all its bytes', async () => {
    const budget = new ByteBudget(4 * UNIT)
    const [short, other] = [budget.open(4 * UNIT), budget.open(4 * UNIT)]
    await short.reach(UNIT)
    short.settle()
    expect(other.reach(3 * UNIT)).toBe(undefined)
  })

  test('is not held up by sources that send slowly', async () => {
    await using storage = createFakeStorage({ partSizeBytes: PART, parallel: 4 })
    const slow = Array.from({ length: 20 }, () => {
      const gate = Promise.withResolvers<void>()
      async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
        yield Buffer.from('x')
        await gate.promise
        yield Buffer.from('y')
      }
      return { source, gate }
    })
    const sending = slow.map(({ source }, index) => storage.upload(`slow-${index}`, source()))
    async function* fast(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let chunk = 0; chunk < 11; chunk += 1) yield Buffer.alloc(MIB, chunk)
    }
    expect((await storage.upload('fast', fast())).bytes).toBe(11 * MIB)
    for (const { gate } of slow) gate.resolve()
    expect((await Promise.all(sending)).map(({ bytes }) => bytes)).toEqual(slow.map(() => 2))
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
  // As many as there are at once, whatever the number of parts.
  expect(memory.size).toBeLessThanOrEqual(2)
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
