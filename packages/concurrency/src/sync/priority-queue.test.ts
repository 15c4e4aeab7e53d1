import * as fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { LifoQueue } from './lifo-queue.ts'
import { PriorityQueue } from './priority-queue.ts'
import { workers } from '../tasks/workers.ts'

interface Job {
  readonly name: string
  readonly dueAt: number
}

const jobs = (options = {}): PriorityQueue<Job> =>
  new PriorityQueue<Job>({ priority: (job) => job.dueAt, ...options })

describe('PriorityQueue', () => {
  test('hands out the lowest number first, and equals in the order they came', async () => {
    const queue = jobs()
    const put: Job[] = [
      { name: 'c', dueAt: 2 },
      { name: 'a', dueAt: 1 },
      { name: 'd', dueAt: 2 },
      { name: 'b', dueAt: 1 },
    ]
    for (const job of put) await queue.put(job)
    queue.shutdown()
    const seen: string[] = []
    await workers(queue, 1, (job) => seen.push(job.name))
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('agrees with sorting, whatever is put, taken and removed', async () => {
    const command = fc.oneof(
      fc.record({ put: fc.nat(5) }),
      fc.record({ remove: fc.nat(20) }),
      fc.constant('take' as const),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const queue = new PriorityQueue<{ priority: number; number: number }>({
          priority: (item) => item.priority,
        })
        const handles: (() => boolean)[] = []
        let model: { priority: number; number: number }[] = []
        for (const each of commands) {
          if (each === 'take') {
            const next = model.toSorted((a, b) => a.priority - b.priority || a.number - b.number)[0]
            expect(queue.tryGet()).toEqual(next)
            model = model.filter((item) => item !== next)
            if (next !== undefined) queue.taskDone()
          } else if ('put' in each) {
            const item = { priority: each.put, number: handles.length }
            model.push(item)
            const handle = await queue.put(item)
            handles.push(() => handle.remove())
          } else {
            const { remove } = each
            const lives = model.some((item) => item.number === remove)
            expect(handles[remove]?.() ?? false).toBe(lives)
            model = model.filter((item) => item.number !== remove)
          }
          expect(queue.size).toBe(model.length)
          expect(queue.unfinished).toBe(model.length)
        }
      }),
    )
  })

  test('a hundred in any order, some removed, come out sorted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(30), { minLength: 60, maxLength: 100 }),
        fc.array(fc.nat(99), { maxLength: 40 }),
        async (priorities, removals) => {
          const queue = new PriorityQueue<readonly [number, number]>({
            priority: ([priority]) => priority,
          })
          const items = priorities.map((priority, number) => [priority, number] as const)
          const removed = new Set(removals)
          const handles = await Promise.all(items.map((item) => queue.put(item)))
          for (const place of removed) handles[place]?.remove()
          const left = items.filter((_, place) => !removed.has(place))
          expect(left.map(() => queue.tryGet())).toEqual(
            left.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
          )
          expect(queue.tryGet()).toBeUndefined()
        },
      ),
      { numRuns: 30 },
    )
  })

  test('a handle of what was handed out, dropped or given on at once removes nothing', async () => {
    const queue = jobs()
    const taken = await queue.put({ name: 'taken', dueAt: 1 })
    await queue.get()
    expect(taken.remove()).toBe(false)
    const getter = queue.get()
    const handed = await queue.put({ name: 'handed', dueAt: 1 })
    expect(handed.remove()).toBe(false)
    expect((await getter).name).toBe('handed')
    const dropped = await queue.put({ name: 'dropped', dueAt: 1 })
    queue.shutdown({ immediate: true })
    expect(dropped.remove()).toBe(false)
  })

  test('a removal makes room for who waits in put, and is one less to join', async () => {
    const queue = jobs({ maxSize: 1 })
    const first = await queue.put({ name: 'a', dueAt: 1 })
    const second = queue.put({ name: 'b', dueAt: 2 })
    expect(first.remove()).toBe(true)
    const handle = await second
    expect([queue.size, queue.unfinished]).toEqual([1, 1])
    let joined = false
    const joining = queue.join().then(() => {
      joined = true
    })
    await setImmediate()
    expect(joined).toBe(false)
    handle.remove()
    await joining
  })

  test('refuses a priority that is no number', async () => {
    expect(() => new PriorityQueue({} as never)).toThrow(
      'Expected options.priority to be a function, got undefined',
    )
    expect(() => new PriorityQueue(undefined as never)).toThrow('Expected options.priority to be')
    const texts = new PriorityQueue<number>({ priority: () => '1' as never })
    expect(() => texts.tryPut(1)).toThrow('Expected a priority to be a number, got a string')
    const queue = new PriorityQueue<number>({ priority: () => Number.NaN })
    expect(() => queue.tryPut(1)).toThrow('Expected a priority to be a number, got NaN')
    await expect(queue.put(1)).rejects.toThrow(TypeError)
    expect(queue.unfinished).toBe(0)
  })

  test('an item that is refused when its turn in the line comes fails its own put only', async () => {
    const queue = new PriorityQueue<number>({ priority: (item) => item, maxSize: 1 })
    await queue.put(1)
    const refused = queue.put(Number.NaN)
    const next = queue.put(2)
    expect(await queue.get()).toBe(1)
    await expect(refused).rejects.toThrow(TypeError)
    await next
    expect(await queue.get()).toBe(2)
  })
})

describe('LifoQueue', () => {
  test('hands out what was put in last', async () => {
    const queue = new LifoQueue<number>()
    for (const item of [1, 2, 3]) await queue.put(item)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([3, 2, 1])
    await queue.put(4)
    queue.shutdown({ immediate: true })
    expect(queue.size).toBe(0)
  })
})
