import { expect, test } from 'vitest'
import type { CancelListener } from './cancel-listener.ts'
import { Ring } from './ring.ts'

test('a ring keeps its order, whichever of them are taken off, and in whatever order', () => {
  const ids = [0, 1, 2, 3]
  for (let leaving = 0; leaving < 2 ** ids.length; leaving += 1) {
    for (const order of [ids, ids.toReversed()]) {
      const ring = new Ring<CancelListener>()
      const all = ids.map(() => ({ onCancel: () => undefined }) as unknown as CancelListener)
      for (const each of all) ring.add(each)
      expect(ring.all).toEqual(all)
      const leave = (id: number): boolean => (leaving & (1 << id)) !== 0
      for (const id of order) if (leave(id)) ring.remove(all[id] as CancelListener)
      const left = all.filter((_, id) => !leave(id))
      expect(all.map(({ home }) => home)).toEqual(ids.map((id) => (leave(id) ? undefined : ring)))
      expect(ring.all.map((each) => all.indexOf(each))).toEqual(
        left.map((each) => all.indexOf(each)),
      )
      expect(ring.isEmpty).toBe(left.length === 0)
      expect([ring.first, ring.first?.before]).toEqual([left[0], left.at(-1)])
      for (const each of left) expect(ring.take()).toBe(each)
      // What is out holds no other: one that grew old would keep the young from being collected.
      for (const each of all) expect([each.before, each.after]).toEqual([each, each])
      expect([ring.take(), ring.all, ring.isEmpty]).toEqual([undefined, [], true])
    }
  }
})
