import { channel } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { Event } from './event.ts'
import { io } from './io.ts'
import { Semaphore } from './semaphore.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from './task-group.ts'
import { formatTaskTree, taskTree, trackWaits } from './task-tree.ts'
import { TestClock } from './test-clock.ts'
import { withTimeout } from './timeout.ts'

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
    await setImmediate()
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
      const places = taskTree()[0]?.children.map((task) => task.waits[0]?.what.split(', ')[1])
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
})
