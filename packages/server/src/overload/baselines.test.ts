import { expect, test } from 'vitest'
import { Baselines } from './baselines.ts'

test('a name is held against its own kind', () => {
  const baselines = new Baselines()
  baselines.measure('GET /poll', 20_000)
  baselines.measure('GET /plans', 10)
  baselines.measure('GET /plans', 30)
  expect(baselines.ratioOf('GET /plans', 40)).toBe(undefined)
  baselines.learnNew()
  expect(baselines.ratioOf('GET /plans', 40)).toBe(2)
  expect(baselines.ratioOf('GET /poll', 20_000)).toBe(1)
})

test('what takes less than a timer can tell is all the same', () => {
  const baselines = new Baselines()
  baselines.measure('GET /', 0.02)
  baselines.learnNew()
  expect([baselines.ratioOf('GET /', 4), baselines.ratioOf('GET /', 10)]).toEqual([1, 2])
})

test('what is clearly less is taken as it is when the best is looked for, all else by and by', () => {
  const baselines = new Baselines()
  const learn = (ms: number, isBest: boolean): void => {
    baselines.forget()
    baselines.measure('GET /', ms)
    baselines.learn(isBest)
  }
  learn(100, false)
  learn(50, false)
  expect(baselines.ratioOf('GET /', 97.5)).toBe(1)
  learn(10, true)
  expect(baselines.ratioOf('GET /', 10)).toBe(1)
  learn(110, true)
  expect(baselines.ratioOf('GET /', 40)).toBe(1)
})

test('names without end take no memory without end: those that come late share one', () => {
  const baselines = new Baselines()
  for (let each = 0; each < 10_000; each += 1) {
    baselines.measure(`GET /${each}`, 10)
    if (each % 100 === 99) baselines.learnNew()
    if (each % 100 === 99) baselines.forget()
  }
  expect(baselines.size).toBe(201)
  expect(baselines.ratioOf('GET /new', 10)).toBe(1)
})
