import { taskGroup } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import type { Call, Heard } from './caller.ts'
import { type Fault, planFaults, type Target } from './faults.ts'
import { planOperations } from './ledger.ts'
import { checkMet, figuresOf, type Strike, strikeInTurn } from './strikes.ts'

const NOTHING: Fault = { boundary: 'test', name: 'nothing', kind: 'meet', strike: () => undefined }

const nothing = (): Promise<void> => Promise.resolve()

test('a seed repeats the operations and the order of the faults', () => {
  expect(planOperations(7, 50)).toEqual(planOperations(7, 50))
  const wanted = planOperations(7, 50, new Map([[3, 'large upload']]))
  expect(wanted[3]).toMatchObject({ kind: 'large upload' })
  expect(wanted.toSpliced(3, 1)).toEqual(planOperations(7, 50).toSpliced(3, 1))
  expect(planOperations(8, 50)).not.toEqual(planOperations(7, 50))
  expect(planFaults(7)).toEqual(planFaults(7))
  const names = (seed: number): string[] => planFaults(seed).map(({ name }) => name)
  expect(names(8)).not.toEqual(names(7))
  expect(names(8).toSorted()).toEqual(names(7).toSorted())
})

test('each fault lasts for the middle half of its share', async () => {
  const log: string[] = []
  const strikes = ['a', 'b'].map((name) => ({
    fault: {
      ...NOTHING,
      strike: () => void log.push(`${name} strikes`),
      cure: () => void log.push(`${name} is over`),
    },
    struckAt: 0,
    overAt: 0,
  }))
  for (let index = 0; index < 16; index += 1) {
    log.push(`${index}`)
  }
  const expected = [...log]
  expected.splice(2, 0, 'a strikes')
  expected.splice(7, 0, 'a is over')
  expected.splice(12, 0, 'b strikes')
  expected.splice(17, 0, 'b is over')
  log.length = 0
  await taskGroup(async (group) => {
    const reached = strikeInTurn(strikes, 16, {} as Target, group, () => 0, nothing, {
      leastMs: 0,
      mostMs: 0,
    })
    for (let index = 0; index < 16; index += 1) {
      reached(index)
      // What has been spawned runs before the next one begins.
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${index}`)
    }
  })
  expect(log).toEqual(expected)
})

test('a fault lasts until something has met it, and the next one waits for its end', async () => {
  const log: string[] = []
  let met = 0
  const fault = (name: string, watch?: () => number): Strike => ({
    fault: {
      ...NOTHING,
      strike: () => void log.push(`${name} strikes`),
      cure: () => void log.push(`${name} is over`),
      ...(watch && { watch: () => watch }),
    },
    struckAt: 0,
    overAt: 0,
  })
  let clock = 0
  // It is met when it was looked at for the third time.
  const strikes = [fault('a', () => ((met += 1) < 3 ? 0 : 1)), fault('b'), fault('c', () => 0)]
  await taskGroup(async (group) => {
    const limits = { leastMs: 0, mostMs: 100 }
    const now = (): number => (clock += 10)
    const reached = strikeInTurn(strikes, 3, {} as Target, group, now, nothing, limits)
    for (const index of [0, 1, 2]) reached(index)
  })
  const all = ['a', 'b', 'c'].flatMap((name) => [`${name} strikes`, `${name} is over`])
  expect(log.toSorted()).toEqual(all.toSorted())
  expect(log.filter((line) => line.endsWith('strikes'))).toEqual(
    all.filter((line) => line.endsWith('strikes')),
  )
  expect(log.indexOf('b strikes')).toBeGreaterThan(met >= 3 ? 0 : 99)
  // Nobody met the last one, and it is said.
  expect(strikes.map((strike) => strike.met)).toEqual([1, undefined, 0])
  const calls: Call[] = []
  expect(checkMet(strikes.slice(0, 1), calls).holds).toBe(true)
  expect(checkMet(strikes.slice(2), calls).holds).toBe(false)
})

test('the figures of a fault are those of the requests that met it', () => {
  const call = (at: number, ms: number, heard: Heard): Call => {
    return { name: 'test', at, ms, heard, code: '-', outcome: 'unknown', location: undefined }
  }
  const calls = [
    call(0, 5, 'ok'),
    call(5, 10, 'ok'),
    call(12, 3, 'refused'),
    call(15, 10, 'cut'),
    call(19, 1, 'silent'),
    call(50, 9, 'ok'),
  ]
  const strikes = [{ fault: NOTHING, struckAt: 10, overAt: 20 }]
  expect(figuresOf(strikes, calls)).toEqual([
    { met: 4, calls: 4, failed: 2, silent: 1, recoveredMs: 5 },
  ])
})
