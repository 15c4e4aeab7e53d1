import { cancelScope, gather, io, taskGroup } from '@yuzuru/concurrency'
import { Queue, Semaphore } from '@yuzuru/concurrency/sync'
import { trackWaits } from '@yuzuru/concurrency/inspect'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 2_000

const call = { boundary: 'bench', operation: 'read', effect: 'read' } as const

/** Two I/O calls together, over and over, that share one connection: one of them waits for it. */
async function readTwoAndTwo(): Promise<number> {
  const connection = new Semaphore(1)
  const read = (): Promise<number> =>
    io(call, {}, async () => {
      using _permit = await connection.acquire()
      return await Promise.resolve(1)
    })
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += (await gather([read, read])).length
  return total / 2
}

/** Nothing but waits: two tasks hand messages to and fro. */
async function handToAndFro(): Promise<number> {
  const there = new Queue<number>()
  const back = new Queue<number>()
  let total = 0
  await taskGroup((group) => {
    group.spawn(async () => {
      for (let time = 0; time < TIMES; time += 1) {
        await there.put(1)
        total += await back.get()
      }
    })
    group.spawn(async () => {
      for (let time = 0; time < TIMES; time += 1) await back.put(await there.get())
    })
  })
  return total
}

async function noting(work: () => Promise<number>): Promise<number> {
  trackWaits()
  try {
    return await cancelScope(work)
  } finally {
    trackWaits(false)
  }
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'what it costs to note since when each wait lasts, for the task tree',
  operation: 'time',
  bars: [
    { of: 'two reads, noted', against: 'two reads', atMost: 1.1 },
    { of: 'nothing but waits, noted', against: 'nothing but waits', atMost: 1.1 },
  ],
  cases() {
    const common = { operations: TIMES, expected: TIMES }
    return [
      { ...common, name: 'two reads, noted', run: () => noting(readTwoAndTwo) },
      { ...common, name: 'two reads', run: () => cancelScope(readTwoAndTwo) },
      { ...common, name: 'nothing but waits, noted', run: () => noting(handToAndFro) },
      { ...common, name: 'nothing but waits', run: () => cancelScope(handToAndFro) },
    ]
  },
}
