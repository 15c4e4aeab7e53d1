import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'
import type { Benchmark, Case } from '../benchmark.ts'

const MANY = 1_000_000
const FEW = 10_000

/** Has so many wait for one permit, which each passes on, and tells how many had it. */
async function passOn(waiters: number): Promise<number> {
  const semaphore = new Semaphore(0)
  let passed = 0
  const goOn = (permit: Permit): void => {
    passed += 1
    permit.release()
  }
  let last: Promise<void> | undefined
  for (let waiter = 0; waiter < waiters; waiter += 1) last = semaphore.acquire().then(goOn)
  semaphore.release()
  await last
  return passed
}

/** The same with nothing but promises in an array: what the machine and the collector ask for themselves. */
async function passOnBare(waiters: number): Promise<number> {
  const queue: (() => void)[] = []
  let passed = 0
  const goOn = (): void => {
    passed += 1
    queue[passed]?.()
  }
  let last: Promise<void> | undefined
  for (let waiter = 0; waiter < waiters; waiter += 1) {
    last = new Promise<void>((resolve) => queue.push(resolve)).then(goOn)
  }
  queue[0]?.()
  await last
  return passed
}

async function passOnInParts(): Promise<number> {
  const parts = Array.from({ length: MANY / FEW }, () => passOn(FEW))
  return (await Promise.all(parts)).reduce((total, each) => total + each, 0)
}

function queue(name: string, waiters: number, run: () => Promise<number>): Case {
  return { name, operations: waiters, expected: waiters, run }
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a long queue for one permit',
  operation: 'waiter',
  rounds: 3,
  collection: 'major',
  bars: [
    { of: '1,000,000 in one queue', against: '10,000 in one queue', atMost: 1.5 },
    { of: '1,000,000 in one queue', against: '10,000 in each of 100 queues', atMost: 1.5 },
  ],
  cases: () => [
    queue('1,000,000 in one queue', MANY, () => passOn(MANY)),
    queue('10,000 in each of 100 queues', MANY, passOnInParts),
    queue('10,000 in one queue', FEW, () => passOn(FEW)),
    queue('1,000,000 bare promises', MANY, () => passOnBare(MANY)),
    queue('10,000 bare promises', FEW, () => passOnBare(FEW)),
  ],
}
