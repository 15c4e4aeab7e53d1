import { describe, expect, test } from 'vitest'
import { SimulatedLoad, type Work } from '../../test/simulated-load.ts'
import { GradientLimit } from './gradient-limit.ts'
import { fixedLimit, type Sample } from './limit.ts'

const adaptive = (patienceMs = 1_000): SimulatedLoad =>
  new SimulatedLoad({ limit: new GradientLimit({ min: 3, max: 1_000 }), patienceMs })

/** How many a second the simulated processor can carry. */
const capacityOf = ({ cpuMs }: Work): number => 1_000 / cpuMs

const WORKS: readonly Work[] = [
  { name: 'GET /plans', cpuMs: 5, waitMs: 45 },
  { name: 'GET /plans/:id', cpuMs: 2, waitMs: 18 },
  { name: 'POST /plans', cpuMs: 1, waitMs: 9 },
  { name: 'GET /reports', cpuMs: 2, waitMs: 200 },
]

describe.each(WORKS)(
  '$name, $cpuMs ms of the processor and $waitMs ms of something else',
  (work) => {
    const capacity = capacityOf(work)

    test.each([2, 10])('carries on at %s times of what it can carry', (times) => {
      const unloaded = adaptive().run(capacity / 10, 20, work)
      const load = adaptive()
      load.run(capacity * times, 5, work)
      const { goodput, p99, refused } = load.run(capacity * times, 20, work)
      expect(goodput).toBeGreaterThan(0.9 * capacity)
      expect(p99).toBeLessThan(3 * unloaded.p99)
      expect(refused).toBeGreaterThan(0.9 * (times - 1) * capacity * 20)
    })

    test('collapses without a limit', () => {
      const load = new SimulatedLoad({ limit: fixedLimit(1_000_000), patienceMs: 1_000 })
      load.run(capacity * 2, 3, work)
      expect(load.run(capacity * 2, 3, work).goodput).toBeLessThan(0.1 * capacity)
    })

    test('refuses none of half the load', () => {
      const load = adaptive()
      load.run(capacity / 2, 10, work)
      expect(load.run(capacity / 2, 20, work).refused).toBe(0)
    })
  },
)

const [PAGE] = WORKS as [Work]

test('a probe is begun whatever the load', () => {
  const probe: Work = { name: 'GET /status', cpuMs: 0.1, waitMs: 0, priority: 'probe' }
  const load = adaptive()
  let probes = 0
  const { goodput } = load.run(2_000, 10, (nth) => {
    if (nth % 100 !== 0) return PAGE
    probes += 1
    return probe
  })
  expect(probes).toBe(200)
  expect(goodput).toBeGreaterThan(0.9 * capacityOf(PAGE))
  expect(load.goneOf(probe)).toEqual({ answered: 200, others: 0 })
})

test('batch requests are refused first', () => {
  const batch: Work = { ...PAGE, name: 'POST /import', priority: 'batch' }
  const load = adaptive()
  load.run(360, 20, (nth) => (nth % 2 === 0 ? PAGE : batch))
  const interactive = load.goneOf(PAGE)
  expect(interactive.answered / (interactive.answered + interactive.others)).toBeGreaterThan(0.85)
  expect(load.goneOf(batch).others).toBeGreaterThan(load.goneOf(batch).answered)
})

test('long polls are no congestion, and lock nobody out', () => {
  const poll: Work = { name: 'GET /events', cpuMs: 0, waitMs: 20_000 }
  const load = adaptive(60_000)
  // Two hundred of them are always there: ten times what it begins with.
  const mixed = (nth: number): Work => (nth % 6 === 0 ? poll : PAGE)
  load.run(60, 60, mixed)
  const { goodput, refused } = load.run(60, 60, mixed)
  expect([Math.round(goodput), refused]).toEqual([60, 0])
})

test('server-sent events count only until their answer has begun', () => {
  const events: Work = { name: 'GET /events', cpuMs: 0.1, waitMs: 1_000_000, streams: true }
  const load = adaptive(2_000_000)
  load.run(20, 20, (nth) => (nth % 2 === 0 ? events : PAGE))
  expect(load.gate.running).toBeLessThan(10)
  expect(load.run(20, 10, PAGE).refused).toBe(0)
})

test('it is as it was within seconds of a stall', () => {
  const load = adaptive()
  load.run(150, 20, PAGE)
  load.stall(2_000)
  load.run(150, 5, PAGE)
  const { goodput, refused } = load.run(150, 10, PAGE)
  expect([Math.round(goodput), refused]).toEqual([150, 0])
})

test('what has become slow for good is the new usual', () => {
  const slow: Work = { ...PAGE, waitMs: 10 * PAGE.waitMs }
  const load = adaptive(5_000)
  load.run(100, 20, PAGE)
  load.run(100, 120, slow)
  expect(Math.round(load.run(100, 20, slow).goodput)).toBe(100)
})

describe('whatever it is fed with', () => {
  const sample = (tookMs: number, era: number): Sample => ({
    name: 'GET /',
    tookMs,
    era,
    isCut: false,
  })

  test('it stays within its bounds', () => {
    const limit = new GradientLimit({ min: 4, max: 40 })
    for (let window = 1; window < 400; window += 1) {
      const tookMs = window % 200 < 100 ? 10 : 10_000
      limit.ran(limit.current)
      for (let each = 0; each < 20; each += 1) limit.ended(sample(tookMs, limit.era))
      limit.learn(window * 1_000, [])
      expect(limit.current).toBeGreaterThanOrEqual(4)
      expect(limit.current).toBeLessThanOrEqual(40)
    }
  })

  test('a busy event loop shrinks it, whatever requests take', () => {
    const limit = new GradientLimit({ min: 3, max: 1_000 })
    for (let window = 1; window < 30; window += 1) {
      limit.ran(limit.current)
      limit.turned(200)
      for (let each = 0; each < 20; each += 1) limit.ended(sample(10, limit.era))
      limit.learn(window * 1_000, [])
    }
    expect(limit.current).toBe(3)
  })

  test('it does not grow while those that run are overdue', () => {
    const limit = new GradientLimit({ min: 3, max: 1_000 })
    for (let window = 1; window < 10; window += 1) {
      for (let each = 0; each < 20; each += 1) limit.ended(sample(10, limit.era))
      limit.learn(window * 1_000, [])
    }
    const before = limit.current
    const hung = Array.from({ length: before }, () => ({ name: 'GET /', beganAt: 9_000 }))
    for (let window = 10; window < 20; window += 1) {
      limit.ran(before)
      limit.learn(window * 1_000, hung)
    }
    expect(limit.current).toBe(before)
  })
})
