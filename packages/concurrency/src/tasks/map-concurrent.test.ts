import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { currentSignal } from '../scopes/checkpoint.ts'
import { LeftoverError } from '../scopes/leftover-error.ts'
import { mapConcurrent } from './map-concurrent.ts'
import { run } from '../scopes/run.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'

const collect = async <T>(results: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

describe('mapConcurrent', () => {
  test('gives the results in the order of the source', async () => {
    using clock = TestClock.install()
    const delays = [30, 10, 20]
    const results = collect(
      mapConcurrent(
        delays,
        async (delay) => {
          await sleep(delay)
          return delay
        },
        { concurrency: 3 },
      ),
    )
    await clock.advance(30)
    expect(await results).toEqual([30, 10, 20])
  })

  test('with ordered: false gives them as they are ready', async () => {
    using clock = TestClock.install()
    const results = collect(
      mapConcurrent(
        [30, 10, 20],
        async (delay) => {
          await sleep(delay)
          return delay
        },
        { concurrency: 3, ordered: false },
      ),
    )
    await clock.advance(30)
    expect(await results).toEqual([10, 20, 30])
  })

  test('runs no more than its concurrency at once, and that many', async () => {
    let now = 0
    let most = 0
    const work = async (item: number): Promise<number> => {
      now += 1
      most = Math.max(most, now)
      await setImmediate()
      now -= 1
      return item
    }
    const items = Array.from({ length: 20 }, (_, index) => index)
    expect(await collect(mapConcurrent(items, work, { concurrency: 4 }))).toEqual(items)
    expect(most).toBe(4)
  })

  test('keeps its concurrency busy also when the source is asynchronous', async () => {
    let now = 0
    async function* source(): AsyncGenerator<number> {
      for (let item = 0; item < 10; item += 1) yield item
    }
    const most: number[] = []
    const work = async (): Promise<void> => {
      now += 1
      await setImmediate()
      most.push(now)
      await setImmediate()
      now -= 1
    }
    await collect(mapConcurrent(source(), work, { concurrency: 3 }))
    expect(Math.max(...most)).toBe(3)
    expect(most[0]).toBe(3)
  })

  test.each([true, false])(
    'a source that has thrown is not returned (asynchronous: %s)',
    async (later) => {
      let returned = 0
      const failure = new Error('source broke')
      const iterator = {
        next: (): never => {
          if (later) return Promise.reject(failure) as never
          throw failure
        },
        return: () => {
          returned += 1
          return { done: true, value: undefined } as const
        },
      }
      const source = { [later ? Symbol.asyncIterator : Symbol.iterator]: () => iterator }
      const results = mapConcurrent<number, number>(source as never, (item) => item, {
        concurrency: 1,
      })
      await expect(results.next()).rejects.toBe(failure)
      expect(returned).toBe(0)
    },
  )

  test('a source that takes its time to end ends the loop that waits for it', async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1
      await setImmediate()
      await setImmediate()
    }
    expect(await collect(mapConcurrent(source(), (item) => item, { concurrency: 2 }))).toEqual([1])
  })

  test('what a source gives only when it is returned is not worked on', async () => {
    const worked: number[] = []
    const last = Promise.withResolvers<IteratorResult<number>>()
    const steps = [Promise.resolve({ done: false, value: 1 }), last.promise]
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => steps.shift() as Promise<IteratorResult<number>>,
        return: () => {
          last.resolve({ done: false, value: 2 })
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
    const work = (item: number): number => worked.push(item)
    for await (const _ of mapConcurrent(source, work, { concurrency: 2 })) break
    expect(worked).toEqual([1])
    expect(steps).toEqual([])
  })

  test('takes no more from the source than a slow consumer leaves room for', async () => {
    let taken = 0
    function* source(): Generator<number> {
      for (;;) {
        taken += 1
        yield taken
      }
    }
    const results = mapConcurrent(source(), (item) => item, { concurrency: 3 })
    await results.next()
    await setImmediate()
    expect(taken).toBe(4)
    await results.next()
    await setImmediate()
    expect(taken).toBe(5)
    await results.return?.()
  })

  test('does not touch the source before the first result is asked for', async () => {
    let begun = false
    async function* source(): AsyncGenerator<number> {
      begun = true
      yield 1
    }
    const results = mapConcurrent(source(), (item) => item, { concurrency: 1 })
    await setImmediate()
    expect(begun).toBe(false)
    expect(await collect(results)).toEqual([1])
  })

  test('a loop that breaks cancels what runs, awaits it, and ends the source', async () => {
    const log: string[] = []
    function* source(): Generator<number> {
      try {
        for (let item = 1; ; item += 1) yield item
      } finally {
        log.push('source ended')
      }
    }
    const work = async (item: number): Promise<number> => {
      if (item === 1) return item
      try {
        await sleep(Infinity)
      } finally {
        await setImmediate()
        log.push(`${item} ended`)
      }
      return item
    }
    for await (const result of mapConcurrent(source(), work, { concurrency: 3 })) {
      expect(result).toBe(1)
      break
    }
    expect(log.toSorted()).toEqual(['2 ended', '3 ended', '4 ended', 'source ended'])
  })

  test('a generator parked at an inner await is aborted first, then returned', async () => {
    const log: unknown[] = []
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1
        await sleep(Infinity)
      } catch (error) {
        log.push(error)
        throw error
      } finally {
        log.push('returned')
      }
    }
    for await (const _ of mapConcurrent(source(), (item) => item, { concurrency: 2 })) break
    expect(log).toEqual([expect.any(Cancelled), 'returned'])
    expect(log[0]).toMatchObject({ source: 'loop', scope: 'mapConcurrent' })
  })

  test('the first failure cancels the others, and is thrown once they and the source have ended', async () => {
    const log: string[] = []
    const failure = new Error('no')
    function* source(): Generator<number> {
      try {
        for (let item = 1; ; item += 1) yield item
      } finally {
        log.push('source')
      }
    }
    const work = async (item: number): Promise<void> => {
      if (item === 2) throw failure
      try {
        await sleep(Infinity)
      } finally {
        await setImmediate()
        log.push('other')
      }
    }
    await expect(collect(mapConcurrent(source(), work, { concurrency: 2 }))).rejects.toBe(failure)
    expect(log.toSorted()).toEqual(['other', 'source'])
  })

  test('several failures come in one AggregateError', async () => {
    const work = (item: number): Promise<void> => Promise.reject(new Error(`no ${item}`))
    await expect(collect(mapConcurrent([1, 2], work, { concurrency: 2 }))).rejects.toThrow(
      '2 failures in "mapConcurrent"',
    )
  })

  test.each([
    [
      'asynchronous',
      async function* broken(): AsyncGenerator<number> {
        yield 1
        throw new Error('source broke')
      },
    ],
    [
      'synchronous',
      function* broken(): Generator<number> {
        yield 1
        throw new Error('source broke')
      },
    ],
  ])('a failure of an %s source is thrown', async (_, source) => {
    const results = mapConcurrent<number, number>(source(), (item) => item, { concurrency: 1 })
    await expect(collect(results)).rejects.toThrow('source broke')
  })

  test('a source that cannot be opened is a failure', async () => {
    const source: Iterable<number> = {
      [Symbol.iterator]() {
        throw new Error('cannot open')
      },
    }
    await expect(
      collect(mapConcurrent(source, (item) => item, { concurrency: 1 })),
    ).rejects.toThrow('cannot open')
  })

  test('a timeout around the loop cancels and awaits what runs', async () => {
    using clock = TestClock.install()
    let ended = 0
    const work = async (): Promise<void> => {
      try {
        await sleep(Infinity)
      } finally {
        ended += 1
      }
    }
    const looping = withTimeout(10, () => collect(mapConcurrent([1, 2], work, { concurrency: 2 })))
    const failing = expect(looping).rejects.toThrow('did not end within 10 ms')
    await clock.advance(10)
    await failing
    expect(ended).toBe(2)
  })

  test('an iterator that is left half-way ends with the scope it was made in', async () => {
    let ended = false
    const result = cancelScope(async () => {
      const results = mapConcurrent(
        [1, 2],
        async (item) => {
          if (item === 1) return item
          try {
            await sleep(Infinity)
          } finally {
            ended = true
          }
          return item
        },
        { concurrency: 2 },
      )
      await results.next()
      return results
    })
    const results = await result
    expect(ended).toBe(true)
    await expect(results.next()).rejects.toMatchObject({ source: 'scope-end' })
  })

  test('in strict mode, what a call forgot is an error of the map', async () => {
    const looping = run(
      async () => {
        const results = mapConcurrent(
          [1],
          () => {
            cancelScope(() => sleep(Infinity)).catch(() => undefined)
          },
          { concurrency: 1 },
        )
        await collect(results)
      },
      { strict: true },
    )
    await expect(looping).rejects.toBeInstanceOf(LeftoverError)
  })

  test('a cancel of who waits for a result alone ends it all, for a loop does not return after it', async () => {
    using clock = TestClock.install()
    let ended = false
    const results = mapConcurrent(
      [1],
      async () => {
        try {
          await sleep(Infinity)
        } finally {
          ended = true
        }
      },
      { concurrency: 1 },
    )
    const waiting = withTimeout(10, () => results.next())
    const failing = expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    await clock.advance(10)
    await failing
    expect(ended).toBe(true)
    expect(await results.next()).toEqual({ done: true, value: undefined })
  })

  test('of several who wait, one is told of the failure; after it there is nothing', async () => {
    const results = mapConcurrent([1], () => Promise.reject(new Error('no')), { concurrency: 1 })
    const ends = await Promise.allSettled([results.next(), results.next()])
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await results.next()).toEqual({ done: true, value: undefined })
  })

  test('a result that comes after the end of an asynchronous source is not lost', async () => {
    using clock = TestClock.install()
    async function* source(): AsyncGenerator<number> {
      yield 1
      await sleep(5)
    }
    const work = (item: number): Promise<number> => sleep(10).then(() => item)
    const collecting = collect(mapConcurrent(source(), work, { concurrency: 2 }))
    await clock.advance(10)
    expect(await collecting).toEqual([1])
  })

  test('after a failure no result that was ready is given', async () => {
    const gate = Promise.withResolvers<never>()
    const results = mapConcurrent([1, 2, 3], (item) => (item === 3 ? gate.promise : item), {
      concurrency: 3,
    })
    expect(await results.next()).toEqual({ done: false, value: 1 })
    gate.reject(new Error('no'))
    await setImmediate()
    await expect(results.next()).rejects.toThrow('no')
  })

  test('who is cancelled is given no result that is ready; it all ends first', async () => {
    let ended = false
    const results = mapConcurrent(
      [1, 2, 3],
      async (item) => {
        if (item < 3) return item
        try {
          await sleep(Infinity)
        } finally {
          await shield(() => setImmediate())
          ended = true
        }
        return item
      },
      { concurrency: 3 },
    )
    await results.next()
    const cancelled = cancelScope(async (scope) => {
      scope.cancel()
      await results.next()
    })
    await expect(cancelled).rejects.toBeInstanceOf(Cancelled)
    expect(ended).toBe(true)
  })

  test('whoever asks from outside is told of the cancel of the scope it was made in', async () => {
    let results: AsyncIterableIterator<number> | undefined
    const made = cancelScope(async (scope) => {
      results = mapConcurrent([1, 2], (item) => item, { concurrency: 1 })
      await results.next()
      scope.cancel('enough')
      await sleep(1)
    })
    await expect(made).rejects.toThrow('enough')
    await expect(results?.next()).rejects.toThrow('enough')
  })

  test('of several who wait, those for whom there is nothing left come to the end', async () => {
    const results = mapConcurrent([1], (item) => setImmediate(item), { concurrency: 2 })
    expect(await Promise.all([results.next(), results.next(), results.next()])).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
  })

  test('its scope lives as long as the loop, also while all that is there is ready', async () => {
    const seen: (string | undefined)[] = []
    const results = mapConcurrent([1, 2, 3], () => seen.push(currentScope()?.name), {
      concurrency: 1,
    })
    for await (const _ of results) await setImmediate()
    expect(seen).toEqual(['mapConcurrent', 'mapConcurrent', 'mapConcurrent'])
  })

  test('what a cancel from outside made of its calls is no failure of theirs', async () => {
    const work = (item: number): Promise<unknown> =>
      item === 1
        ? sleep(Infinity)
        : setTimeout(60_000, undefined, { signal: currentSignal() as AbortSignal })
    const result = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await collect(mapConcurrent([1, 2], work, { concurrency: 2 }))
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('does not begin in a cancelled scope', async () => {
    const result = cancelScope(async (scope) => {
      const results = mapConcurrent([1], () => expect.unreachable(), { concurrency: 1 })
      scope.cancel()
      await results.next()
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('does not begin for who asks from a cancelled scope', async () => {
    const fn = vi.fn(() => 1)
    const results = mapConcurrent([1, 2], fn, { concurrency: 2 })
    const asking = cancelScope(async (scope) => {
      scope.cancel()
      await results.next()
    })
    await expect(asking).rejects.toThrow(Cancelled)
    expect(fn).not.toHaveBeenCalled()
    expect((await Array.fromAsync(results)).length).toBe(2)
  })

  test('when the scope it was made in has ended, it belongs to the nearest living ancestor', async () => {
    await cancelScope(async () => {
      const results = await cancelScope(() =>
        mapConcurrent([1, 2], (item) => item, { concurrency: 1 }),
      )
      await results.next()
      expect(Array.from(currentScope()?.children ?? [], ({ kind }) => kind)).toEqual(['iterator'])
      await results.return?.()
    })
  })

  test('calls fn in the scope of the map and in the context where it was made', async () => {
    const store = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const results = store.run('maker', () =>
      mapConcurrent(
        [1, 2, 3],
        () => {
          seen.push([store.getStore(), currentScope()?.name])
        },
        { concurrency: 1, name: 'pages' },
      ),
    )
    await store.run('consumer', () => collect(results))
    expect(seen).toEqual([1, 2, 3].map(() => ['maker', 'pages']))
  })

  test('awaits promises in a synchronous source', async () => {
    const plain = [null, 'text', {}]
    expect(await collect(mapConcurrent(plain, (item) => item, { concurrency: 1 }))).toEqual(plain)
    const results = mapConcurrent([Promise.resolve(1), 2], (item) => item + 1, { concurrency: 1 })
    expect(await collect(results)).toEqual([2, 3])
  })

  test('is an async disposable, which ends it', async () => {
    let ended = false
    {
      await using results = mapConcurrent(
        (function* source() {
          try {
            yield 1
            yield 2
          } finally {
            ended = true
          }
        })(),
        (item) => item,
        { concurrency: 1 },
      )
      await results.next()
    }
    expect(ended).toBe(true)
  })

  test('what fails while the source is ended is thrown, whether a loop broke or a call failed', async () => {
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1
        await sleep(Infinity)
      } finally {
        await Promise.reject(new Error('cannot close'))
      }
    }
    const breaking = async (): Promise<void> => {
      for await (const _ of mapConcurrent(source(), (item) => item, { concurrency: 2 })) break
    }
    await expect(breaking()).rejects.toThrow('cannot close')
    const failing = collect(
      mapConcurrent(source(), () => Promise.reject(new Error('no')), { concurrency: 1 }),
    )
    await expect(failing).rejects.toMatchObject({
      errors: [{ message: 'no' }, { message: 'cannot close' }],
    })
  })

  test('what a call gives once the loop has ended is passed over', async () => {
    const gate = Promise.withResolvers<void>()
    const given: number[] = []
    const results = mapConcurrent(
      [1, 2],
      async (item) => {
        if (item === 2) await gate.promise
        given.push(item)
        return item
      },
      { concurrency: 2 },
    )
    for await (const item of results) {
      expect(item).toBe(1)
      queueMicrotask(() => queueMicrotask(gate.resolve))
      break
    }
    expect(given).toEqual([1, 2])
    expect(await results.next()).toEqual({ done: true, value: undefined })
  })

  test('to end what has ended does nothing', async () => {
    const results = mapConcurrent([1], (item) => item, { concurrency: 1 })
    expect(await collect(results)).toEqual([1])
    expect(await results.return?.()).toEqual({ done: true, value: undefined })
    expect(await results.next()).toEqual({ done: true, value: undefined })
  })

  test('an error that comes twice is told once', async () => {
    const failure = new Error('no')
    const results = mapConcurrent([1, 2], () => Promise.reject(failure), { concurrency: 2 })
    await expect(collect(results)).rejects.toBe(failure)
  })

  test('one that never began has nothing to end', async () => {
    const results = mapConcurrent([1], (item) => item, { concurrency: 1 })
    expect(await results.return?.()).toEqual({ done: true, value: undefined })
    expect(await results.next()).toEqual({ done: true, value: undefined })
  })

  test('refuses what it cannot work with', () => {
    expect(() => mapConcurrent([1], (item) => item, { concurrency: 0 })).toThrow(TypeError)
    expect(() => mapConcurrent([1], 1 as never, { concurrency: 1 })).toThrow(TypeError)
    expect(() => mapConcurrent(1 as never, (item) => item, { concurrency: 1 })).toThrow(
      new TypeError('Expected source to be iterable, got 1'),
    )
  })

  test('with settle, a call that fails ends nothing, in order or as they are ready', async () => {
    const items = [1, 2, Promise.reject(new Error('item')), 4]
    const call = async (item: number): Promise<number> => {
      if (item % 2 === 0) throw new Error(`call ${item}`)
      await setImmediate()
      return item
    }
    const inOrder = mapConcurrent(items, call, { concurrency: 4, settle: true })
    const expected = (await Promise.allSettled(items.map(async (item) => call(await item)))).map(
      (result, key) => Object.assign({ key }, result),
    )
    expect(await collect(inOrder)).toEqual(expected)
    const options = { concurrency: 4, settle: true, ordered: false } as const
    const asReady = await collect(mapConcurrent(items, call, options))
    expect(asReady.at(-1)?.key).toBe(0)
    expect(asReady.toSorted((a, b) => a.key - b.key)).toEqual(expected)
  })

  test('with settle, a failure of the source is thrown, and a cancel from outside is no result', async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1
      throw new Error('source')
    }
    const options = { concurrency: 1, settle: true } as const
    await expect(collect(mapConcurrent(source(), (item) => item, options))).rejects.toThrow(
      'source',
    )
    const seen: unknown[] = []
    const result = cancelScope(async (scope) => {
      const work = (item: number): Promise<void> => {
        if (item === 2) scope.cancel()
        return sleep(0).catch(() => Promise.reject(new Error('made of the cancel')))
      }
      for await (const { key } of mapConcurrent([1, 2, 3], work, options)) seen.push(key)
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
    expect(seen).toEqual([0])
  })
})

describe('a source of somebody else', () => {
  /** What it gives for a step, and what comes of that. */
  const STEPS: Record<string, [step: () => unknown, outcome: unknown]> = {
    'a step that is nothing': [async () => undefined, TypeError],
    'a step that cannot be asked': [
      async () => ({
        get done() {
          throw new RangeError('done')
        },
      }),
      RangeError,
    ],
    'a step whose then throws': [
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- what is tested
        then() {
          throw new RangeError('then')
        },
      }),
      RangeError,
    ],
  }

  test.each(Object.entries(STEPS))('ends with a failure: %s', async (_, [next, expected]) => {
    const source = { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<number>
    const items = mapConcurrent(source, (item) => item, { concurrency: 2 })
    await expect(items.next()).rejects.toBeInstanceOf(expected as never)
    expect(await items.return?.()).toMatchObject({ done: true })
  })

  test('whose steps call back twice counts once', async () => {
    let asked = 0
    const next = (): unknown => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what is tested
      then(resolve: (step: unknown) => void) {
        asked += 1
        const step = asked > 3 ? { done: true } : { done: false, value: asked }
        queueMicrotask(() => {
          resolve(step)
          resolve(step)
        })
      },
    })
    const source = { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<number>
    const seen: number[] = []
    for await (const item of mapConcurrent(source, (each) => each, { concurrency: 1 })) {
      seen.push(item)
    }
    expect(seen).toEqual([1, 2, 3])
  })

  test('that ends the loop as it is asked is not asked again, and is closed once', async () => {
    let asked = 0
    let closed = 0
    const ended = cancelScope(async (scope) => {
      const source = {
        async next() {
          asked += 1
          scope.cancel()
          return { done: asked > 100, value: asked }
        },
        async return() {
          closed += 1
          return { done: true, value: undefined }
        },
      }
      const items = { [Symbol.asyncIterator]: () => source } as AsyncIterable<number>
      for await (const _ of mapConcurrent(items, (item) => item, { concurrency: 2 }));
    })
    await expect(ended).rejects.toBeInstanceOf(Cancelled)
    expect([asked, closed]).toEqual([1, 1])
  })

  test('a thrown undefined is a failure all the same', async () => {
    const items = mapConcurrent([1], () => Promise.reject(), { concurrency: 1 })
    const ended = await items.next().then(
      () => 'returned',
      (error: unknown) => [error],
    )
    expect(ended).toEqual([undefined])
  })
})
