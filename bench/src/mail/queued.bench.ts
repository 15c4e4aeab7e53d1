import { join } from 'node:path'
import type { Benchmark, Figure } from '../benchmark.ts'
import { bundled } from '../bundled.ts'
import { startPeer } from '../peer.ts'
import { startSink } from './load.ts'

/** What is compared, and what its figure says. What is no client is there to tell what takes what: docs/decisions/0138. */
const PEERS = {
  yuzuru: 'yuzuru, peak RSS',
  nodemailer: 'nodemailer, peak RSS',
  ten: 'sent ten at a time, so that none waits, peak RSS',
  promises: '20,000 messages with a promise each, and nothing else of what waits, peak RSS',
  floor: 'the floor of any queue that can be cancelled, peak RSS',
} as const

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: '20,000 short mails handed over at once, 5 connections: memory at its peak',
  bars: {
    [PEERS.yuzuru]: { atMost: 180 },
  },
  async measure(resources) {
    const sink = await startSink(resources)
    const program = await bundled(join(import.meta.dirname, 'queued.ts'), resources)
    const figures: Figure[] = []
    let before = 0
    for (const [peer, name] of Object.entries(PEERS)) {
      const sender = resources.use(startPeer(program, [peer]))
      const report = (await sender.ask(sink.port)) as {
        readonly before: number
        readonly peak: number
      }
      if ((await sink.taken()) !== 20_001) throw new Error(`Expected 20,001 mails of ${peer}`)
      figures.push({ name, value: report.peak, unit: 'MiB' })
      if (peer === 'yuzuru') before = report.before
    }
    return [...figures, { name: 'yuzuru, after its first mail', value: before, unit: 'MiB' }]
  },
}
