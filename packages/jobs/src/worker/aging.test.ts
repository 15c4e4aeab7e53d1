import { array, assert, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { Aging, SHARE } from './aging.ts'

const turn = record({
  room: integer({ min: 1, max: 50 }),
  aged: integer({ min: 0, max: 50 }),
  waiting: integer({ min: 0, max: 60 }),
  passMs: integer({ min: 0, max: 1_500 }),
  tookMs: integer({ min: 0, max: 200 }),
})

test('whatever waits, at the most one job of four is taken for its age, once a second, and a twentieth of the time', () => {
  assert(
    property(array(turn, { maxLength: 60 }), (turns) => {
      const aging = new Aging(1)
      let now = 0
      let lookedAt = -Infinity
      let tookMs = 0
      let byAge = 0
      let byPriority = 0
      let isFull = false
      for (const { room, aged, waiting, passMs, tookMs: takes } of turns) {
        now += passMs
        const most = aging.most(room, now)
        expect(most).toBeLessThanOrEqual(room)
        if (most > 0) {
          expect(isFull).toBe(true)
          expect(now - lookedAt).toBeGreaterThanOrEqual(Math.max(1_000, 20 * tookMs))
          const took = Math.min(most, aged)
          byAge += took
          now += takes
          aging.took(took, now, takes)
          lookedAt = now
          tookMs = takes
        }
        const took = Math.min(waiting, room)
        byPriority += took
        aging.tookByPriority(took, room)
        isFull = took === room
        expect(byAge * (SHARE - 1)).toBeLessThanOrEqual(byPriority)
      }
    }),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 1_000) },
  )
})

test('where all is full one in four goes by its age, also with one place', () => {
  for (const room of [1, 2, 10, 100]) {
    const aging = new Aging(1)
    let byAge = 0
    for (let now = 0; now < 400_000; now += 1_000) {
      const most = aging.most(room, now)
      if (most > 0) aging.took(most, now, 0)
      byAge += most
      aging.tookByPriority(room - most, room - most)
    }
    expect(byAge / (400 * room)).toBeGreaterThan(0.19)
  }
})

test('with an age of Infinity none is', () => {
  const aging = new Aging(Infinity)
  aging.tookByPriority(100, 100)
  expect(aging.most(100, 1e9)).toBe(0)
})
