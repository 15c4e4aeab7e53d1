import { describe, expect, test } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { WaitList } from './wait-list.ts'

describe('WaitList', () => {
  test('whoever is cancelled leaves, wherever it stands; the others keep their order', async () => {
    const ids = [0, 1, 2, 3]
    for (let leaving = 0; leaving < 2 ** ids.length; leaving += 1) {
      for (const order of [ids, ids.toReversed()]) {
        const list = new WaitList<string, number>('list')
        const log: string[] = []
        await taskGroup((group) => {
          const tasks = ids.map((id) =>
            group.spawn(async () => log.push(`${id} got ${await list.wait(id)}`)),
          )
          const leave = (id: number): boolean => (leaving & (1 << id)) !== 0
          for (const id of order) if (leave(id)) tasks[id]?.cancel()
          const left = ids.filter((id) => !leave(id))
          expect(list.size).toBe(left.length)
          for (const id of left) {
            expect(list.first).toBe(id)
            expect(list.shift(`item ${id}`)).toBe(true)
          }
          expect([list.size, list.shift('nothing')]).toEqual([0, false])
          return Promise.allSettled(tasks).then(() =>
            expect(log).toEqual(left.map((id) => `${id} got item ${id}`)),
          )
        })
      }
    }
  })

  test('nobody joins it from a cancelled scope', async () => {
    const list = new WaitList<void>('list')
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await list.wait()
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
    expect(list.size).toBe(0)
  })

  test('tells whoever made it that one has left, but not that one was served or failed', async () => {
    let left = 0
    const list = new WaitList<void>('list', () => (left += 1))
    const failure = new Error('no')
    await taskGroup(async (group) => {
      const [served, failed, cancelled] = Array.from({ length: 3 }, () =>
        group.spawn(() => list.wait().catch((error: unknown) => error)),
      )
      list.shift()
      list.fail(failure)
      expect([await served, await failed, left]).toEqual([undefined, failure, 0])
      cancelled?.cancel()
      expect([list.size, left]).toEqual([0, 1])
    })
  })
})
