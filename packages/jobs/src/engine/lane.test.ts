import { describe, expect, test } from 'vitest'
import { Bounds } from './lane.ts'

const place = { priority: 0, runAt: '2026-04-01 00:00:00+00', seq: '7' }

describe('the bounds of lanes', () => {
  test('are given up every 250 ms, or as seldom as a look without them takes a twentieth of the time', () => {
    const bounds = new Bounds([{ queue: 'default', name: 'a' }])
    bounds.looked(1_000, 1)
    bounds.move('default', 'a', place)
    bounds.renew(1_249)
    expect(bounds.any).toBe(true)
    bounds.renew(1_250)
    expect(bounds.any).toBe(false)

    bounds.looked(2_000, 500)
    bounds.move('default', 'a', place)
    expect(bounds.fullLookAt).toBe(12_000)
    bounds.renew(11_999)
    expect(bounds.any).toBe(true)
    bounds.renew(12_000)
    expect(bounds.any).toBe(false)
  })

  test('begin at the start of each lane', () => {
    const bounds = new Bounds([
      { queue: 'q', name: 'a' },
      { queue: 'q', name: 'b' },
    ])
    bounds.move('q', 'b', place)
    expect(bounds.places()).toEqual([
      { queue: 'q', name: 'a', priority: -(2 ** 31), run_at: '-infinity', seq: '0' },
      { queue: 'q', name: 'b', priority: 0, run_at: place.runAt, seq: '7' },
    ])
  })
})
