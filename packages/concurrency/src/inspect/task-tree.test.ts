import { channel } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { Event } from '../sync/event.ts'
import { io } from '../boundary/io.ts'
import type { CancelScope, Scope } from '../scopes/scope.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { shield } from '../scopes/shield.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { formatTaskTree, taskTree, type TaskTreeNode, trackWaits } from './task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from '../scopes/timeout.ts'

const ignore = (): void => undefined

afterEach(() => trackWaits(false))

describe('taskTree', () => {
  const scene = async (look: (clock: TestClock) => void): Promise<void> => {
    using clock = TestClock.install()
    await clock.advance(1_000)
    const smtp = new Semaphore(0, { name: 'smtp' })
    const result = cancelScope(
      async (page) => {
        await taskGroup(async (group) => {
          for (const name of ['first', 'second']) group.spawn(() => smtp.acquire(), { name })
          group.spawn(
            () =>
              io({ boundary: 'db', operation: 'query', effect: 'read' }, {}, () => sleep(1_000)),
            { name: 'office' },
          )
          group.spawn(() => withTimeout(500, () => sleep(Infinity)), { name: 'slow' })
          await clock.advance(41)
          look(clock)
          page.cancel()
          await sleep(0)
        })
      },
      { name: 'page' },
    )
    await expect(result).rejects.toMatchObject({ name: 'Cancelled' })
    expect(taskTree()).toEqual([])
  }

  test('shows names, states, ages and what each waits on, as data', async () => {
    await scene(() => {
      const [page] = taskTree()
      expect(page).toMatchObject({ kind: 'scope', name: 'page', state: 'running', ageMs: 41 })
      const tasks = page?.children[0]?.children
      expect(tasks?.map(({ name }) => name)).toEqual(['first', 'second', 'office', 'slow'])
      expect(tasks?.[1]?.waits).toEqual([
        { what: 'semaphore "smtp", 2nd in line', forMs: undefined },
      ])
      expect(tasks?.[2]?.children).toMatchObject([{ kind: 'io', name: 'db.query', ageMs: 41 }])
      expect(tasks?.[3]?.children).toMatchObject([{ kind: 'timeout', remainingMs: 459 }])
    })
  })

  test('and as text, with how long each wait has lasted once that is tracked', async () => {
    trackWaits()
    await scene(() => {
      expect(`\n${formatTaskTree()}\n`).toBe(`
scope page 41 ms
└─ group group 41 ms
   ├─ task first 41 ms
   │  └─ waits for semaphore "smtp", 1st in line 41 ms
   ├─ task second 41 ms
   │  └─ waits for semaphore "smtp", 2nd in line 41 ms
   ├─ task office 41 ms
   │  └─ io db.query 41 ms
   │     └─ waits for sleep 41 ms
   └─ task slow 41 ms
      └─ timeout timeout 41 ms, due in 459 ms
         └─ waits for sleep 41 ms
`)
    })
  })

  test('shows all that a scope waits for, in the order in which it began, and what was given up', async () => {
    using clock = TestClock.install()
    channel('yuzuru:leftover').subscribe(ignore)
    const gate = new Event({ name: 'gate' })
    const stuck = Promise.withResolvers<void>()
    const result = withTimeout(
      10,
      () => Promise.all([gate.wait(), shield(() => stuck.promise), sleep(Infinity)]),
      { graceMs: 5, name: 'page' },
    )
    const ended = expect(result).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(formatTaskTree()).toBe(
      [
        'timeout page 0 ms, due in 10 ms',
        '├─ waits for event "gate", 1st in line',
        '├─ waits for sleep',
        '└─ shield shield 0 ms',
      ].join('\n'),
    )
    await clock.advance(15)
    await ended
    expect(formatTaskTree().split('\n')[0]).toBe('timeout page (abandoned) 15 ms, due in -5 ms')
    stuck.resolve()
    // Its end takes a turn for what it left behind, and one to close.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate()
    expect(taskTree()).toEqual([])
    channel('yuzuru:leftover').unsubscribe(ignore)
  })

  test('tells what was asked to end', async () => {
    const result = cancelScope(async (scope) => {
      scope.cancel()
      expect(formatTaskTree()).toMatch(/^scope scope \(cancelled\) \d+ ms$/)
      await sleep(0)
    })
    await expect(result).rejects.toMatchObject({ name: 'Cancelled' })
  })

  test('counts places in line as people do', async () => {
    const semaphore = new Semaphore(0, { name: 'x' })
    await taskGroup((group) => {
      for (let i = 0; i < 23; i += 1) group.spawn(() => semaphore.acquire())
      const places = taskTree({ limit: Infinity })[0]?.children.map(
        (task) => task.waits[0]?.what.split(', ')[1],
      )
      expect(
        places?.filter((_, index) => [0, 1, 2, 3, 10, 12, 20, 21, 22].includes(index)),
      ).toEqual(
        ['1st', '2nd', '3rd', '4th', '11th', '13th', '21st', '22nd', '23rd'].map(
          (place) => `${place} in line`,
        ),
      )
      group.cancel()
    })
  })

  test('walks a line of waiters once, however many of them it shows', async () => {
    const semaphore = new Semaphore(0, { name: 'x' })
    const count = 300
    await taskGroup((group) => {
      let steps = 0
      for (let i = 0; i < count; i += 1) {
        group.spawn((scope) => {
          const waiting = semaphore.acquire()
          for (const waiter of (scope as Scope).listeners) countReads(waiter, 'next', () => steps++)
          return waiting
        })
      }
      // What it takes for them to stand in line is not counted.
      steps = 0
      const [tree] = taskTree({ limit: Infinity })
      expect(tree?.children.at(-1)?.waits[0]?.what).toContain(`${count}th in line`)
      expect(steps).toBe(count)
      // Nor again for other pictures, until the line has changed.
      steps = 0
      taskTree({ limit: 3 })
      expect(steps).toBe(0)
      group.spawn(() => semaphore.acquire())
      steps = 0
      const after = taskTree({ limit: Infinity })[0]?.children.at(-1)?.waits[0]?.what
      expect([steps, after]).toEqual([count, `semaphore "x", ${count + 1}st in line`])
      group.cancel()
    })
  })

  test('shows the oldest of each scope and of the roots, and counts the others', async () => {
    using _clock = TestClock.install()
    const gate = new Event({ name: 'gate' })
    const groups = ['a', 'b', 'c'].map((name) =>
      taskGroup(
        (group) => {
          for (let i = 0; i < 3_000; i += 1) group.spawn(() => gate.wait(), { name: `${name}${i}` })
        },
        { name },
      ),
    )
    expect(formatTaskTree({ limit: 2, total: 9 })).toBe(
      [
        'group a 0 ms',
        '├─ task a0 0 ms',
        '│  └─ waits for event "gate", 1st in line',
        '├─ task a1 0 ms',
        '│  └─ waits for event "gate", 2nd in line',
        '└─ … and 2,998 more',
        'group b 0 ms',
        '├─ task b0 0 ms',
        '│  └─ waits for event "gate", 3001st in line',
        '├─ task b1 0 ms',
        '│  └─ … and 1 more',
        '└─ … and 2,998 more',
        '… and 1 more',
      ].join('\n'),
    )
    expect(taskTree({ limit: 2 }).more).toBe(1)
    expect(taskTree({ limit: 0 })).toMatchObject({ length: 0, more: 3 })
    gate.set()
    await Promise.all(groups)
  })

  test('shows by default no more than a person reads, and all of it when asked', async () => {
    await taskGroup((outer) => {
      for (let i = 0; i < 30; i += 1) {
        outer.spawn(() =>
          taskGroup((group) => {
            for (let k = 0; k < 30; k += 1) group.spawn(() => sleep(Infinity))
          }),
        )
      }
      expect(formatTaskTree().split('\n').length).toBeLessThan(1_100)
      const all = taskTree({ limit: Infinity, total: Infinity })
      expect(shownIn(all)).toBe(1 + 30 + 30 + 30 * 30 * 2)
      expect(formatTaskTree(all).split('\n')).toHaveLength(shownIn(all))
      outer.cancel()
    })
  })

  test('shows one scope with what is in it, and nothing once that has ended', async () => {
    let kept: CancelScope | undefined
    await taskGroup(async (outer) => {
      outer.spawn(() => sleep(Infinity), { name: 'other' })
      await cancelScope(
        async (scope) => {
          kept = scope
          await withTimeout(1_000, async () => {
            expect(taskTree({ scope })).toMatchObject([
              { name: 'page', children: [{ name: 'timeout' }] },
            ])
            expect(formatTaskTree({ scope })).not.toContain('other')
          })
        },
        { name: 'page' },
      )
      outer.cancel()
    })
    expect(taskTree({ scope: kept })).toEqual([])
  })

  test('refuses a scope that is none', () => {
    expect(() => taskTree({ scope: {} as never })).toThrow('Expected scope to be a scope')
  })

  test('refuses limits that are no numbers', () => {
    for (const options of [{ limit: -1 }, { limit: 0.5 }, { total: '1' as never }]) {
      expect(() => taskTree(options)).toThrow(/^Expected (limit|total) to be an integer from 0 up/)
      expect(() => formatTaskTree(options)).toThrow(TypeError)
    }
    expect(() => formatTaskTree(null as never)).toThrow('Expected tree to be an object, got null')
  })
})

function shownIn(tree: readonly TaskTreeNode[]): number {
  let shown = 0
  for (const { waits, children } of tree) shown += 1 + waits.length + shownIn(children)
  return shown
}

/** Calls back whenever `key` of `subject` is read. */
function countReads(subject: object, key: string, onRead: () => void): void {
  let value: unknown = Reflect.get(subject, key)
  Object.defineProperty(subject, key, {
    get: () => {
      onRead()
      return value
    },
    set: (next: unknown) => {
      value = next
    },
  })
}
