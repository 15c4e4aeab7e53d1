import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { Event } from './event.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'

describe('Event', () => {
  test('wakes all who wait, also when it is cleared before they run', async () => {
    const event = new Event()
    let woken = 0
    await taskGroup((group) => {
      for (let i = 0; i < 3; i += 1) {
        group.spawn(async () => {
          await event.wait()
          woken += 1
        })
      }
      expect(event.waiting).toBe(3)
      event.set()
      event.clear()
    })
    expect(woken).toBe(3)
    expect(event.isSet).toBe(false)
  })

  test('has a name, which the task tree shows', async () => {
    expect(new Event().name).toBe('event')
    const gate = new Event({ name: 'gate' })
    expect(gate.name).toBe('gate')
    await taskGroup((group) => {
      group.spawn(() => gate.wait())
      expect(formatTaskTree()).toContain('waits for event "gate", 1st in line')
      gate.set()
    })
  })

  test('is not waited for while it is set', async () => {
    const event = new Event()
    event.set()
    await event.wait()
    expect(event.waiting).toBe(0)
  })

  test('is a checkpoint: a cancelled scope throws, set or not, and leaves no waiter', async () => {
    const event = new Event()
    event.set()
    const waits = cancelScope(async (scope) => {
      scope.cancel()
      await event.wait()
    })
    await expect(waits).rejects.toBeInstanceOf(Cancelled)
    event.clear()
    const late = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await event.wait()
    })
    await expect(late).rejects.toBeInstanceOf(Cancelled)
    expect(event.waiting).toBe(0)
  })
})
