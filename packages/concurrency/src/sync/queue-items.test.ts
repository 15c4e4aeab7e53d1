import * as fc from 'fast-check'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { Queue } from './queue.ts'

const END = { done: true, value: undefined }

describe('an iterator over a queue', () => {
  test.each<[string, (items: AsyncGenerator<number, void>) => Promise<unknown>]>([
    ['return', (items) => items.return()],
    ['an async dispose', async (items) => await items[Symbol.asyncDispose]()],
    ['throw', (items) => items.throw(new Error('enough')).catch(() => undefined)],
  ])('that is ended by %s while it waits takes no item any more', async (_, end) => {
    const queue = new Queue<number>()
    const items = queue[Symbol.asyncIterator]()
    const waiting = [items.next(), items.next()]
    await end(items)
    expect(await Promise.all(waiting)).toEqual([END, END])
    await queue.put(1)
    expect(queue.size).toBe(1)
    expect(await items.next()).toEqual(END)
  })

  test('that is ended when its item has come hands that out, and no other', async () => {
    const queue = new Queue<number>()
    const items = queue[Symbol.asyncIterator]()
    const waiting = [items.next(), items.next()]
    await queue.put(1)
    expect(await items.return()).toEqual(END)
    expect(await Promise.all(waiting)).toEqual([{ done: false, value: 1 }, END])
  })

  test('that is cancelled while it waits throws the cancel', async () => {
    const queue = new Queue<number>()
    const loop = cancelScope(async (scope) => {
      const items = queue[Symbol.asyncIterator]()
      const next = items.next()
      scope.cancel()
      await items.return().catch(() => undefined)
      await next
    })
    await expect(loop).rejects.toThrow(Cancelled)
  })

  test('a stream of it closes when it is destroyed, and loses no item', async () => {
    const queue = new Queue<number>()
    const stream = Readable.from(queue)
    stream.resume()
    await setImmediate()
    const closed = once(stream, 'close')
    stream.destroy()
    await closed
    await queue.put(1)
    expect(await queue.get()).toBe(1)
  })

  test('hands out each item once, in order, whoever ends when', async () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'next', 'next', 'return', 'turn'),
      who: fc.nat(2),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const queue = new Queue<number>()
        const iterators = [0, 1, 2].map(() => queue[Symbol.asyncIterator]())
        const got: number[] = []
        const pending: Promise<unknown>[] = []
        let put = 0
        for (const { what, who } of steps) {
          const items = iterators[who] as AsyncGenerator<number, void>
          if (what === 'put') queue.tryPut(put++)
          else if (what === 'turn') await setImmediate()
          else if (what === 'return') pending.push(items.return())
          else
            pending.push(items.next().then(({ value }) => value !== undefined && got.push(value)))
        }
        for (const items of iterators) pending.push(items.return())
        await Promise.all(pending)
        const left: number[] = []
        while (queue.size > 0) left.push(await queue.get())
        expect([...got.toSorted((a, b) => a - b), ...left]).toEqual(
          Array.from({ length: put }, (_, n) => n),
        )
      }),
      { numRuns: 500 },
    )
  })
})
