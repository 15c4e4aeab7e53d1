import { expect, test } from 'vitest'
import { CancelListeners, type CancelListener } from './cancel-listeners.ts'

test('CancelListeners keep their order, whichever of them are taken off, and in whatever order', () => {
  const ids = [0, 1, 2, 3]
  for (let leaving = 0; leaving < 2 ** ids.length; leaving += 1) {
    for (const order of [ids, ids.toReversed()]) {
      const listeners = new CancelListeners()
      const all = ids.map(() => ({ onCancel: () => undefined }) as unknown as CancelListener)
      for (const each of all) listeners.add(each)
      expect(listeners.all).toEqual(all)
      const leave = (id: number): boolean => (leaving & (1 << id)) !== 0
      for (const id of order) if (leave(id)) listeners.remove(all[id] as CancelListener)
      const left = all.filter((_, id) => !leave(id))
      expect(all.map(({ home }) => home)).toEqual(
        ids.map((id) => (leave(id) ? undefined : listeners)),
      )
      expect(listeners.all.map((each) => all.indexOf(each))).toEqual(
        left.map((each) => all.indexOf(each)),
      )
      for (const each of left) expect(listeners.take()).toBe(each)
      expect([listeners.take(), listeners.all]).toEqual([undefined, []])
    }
  }
})
