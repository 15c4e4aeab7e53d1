import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { createStorage, type PresignedUrl } from '@yuzuru/storage'
import type { Benchmark } from '../benchmark.ts'

const LINKS = 1_000

/** How long the event loop had no turn, in milliseconds. */
async function longestDuring(page: () => Promise<readonly PresignedUrl[]>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It compares with its last look, so it must have had one.
  await setTimeout(100)
  delay.reset()
  const links = await page()
  await setTimeout(20)
  delay.disable()
  if (new Set(links.map(({ url }) => url)).size !== LINKS) throw new Error('Links are missing')
  return delay.max / 1e6
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'how long a page of 1,000 presigned links holds the event loop',
  bars: {
    'the first page of a process': { atMost: 250 },
    'the next page': { atMost: 50 },
  },
  async measure(resources) {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }
    const storage = resources.use(createStorage({ bucket: 'plans', credentials }))
    const page = (): Promise<readonly PresignedUrl[]> =>
      Promise.all(
        Array.from({ length: LINKS }, (_, index) =>
          storage.presignGet(`plans/${index}.pdf`, { filename: `支援計画書 (${index}).pdf` }),
        ),
      )
    const first = await longestDuring(page)
    const next = await longestDuring(page)
    return [
      // The SDK finds out where the bucket is, and the compiler has not seen any of it before.
      { name: 'the first page of a process', value: first, unit: 'ms' },
      { name: 'the next page', value: next, unit: 'ms' },
    ]
  },
}
