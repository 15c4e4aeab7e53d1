import type { Benchmark, Figure } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { startSink } from './load.ts'

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: '20,000 short mails handed over at once, 5 connections: memory at its peak',
  async measure(resources) {
    const sink = await startSink(resources)
    const figures: Figure[] = []
    for (const name of ['yuzuru', 'nodemailer']) {
      const sender = resources.use(startPeer(import.meta.resolve('./queued.ts'), [name]))
      const peak = Number(await sender.ask(sink.port))
      if ((await sink.taken()) !== 20_000) throw new Error(`Expected 20,000 mails of ${name}`)
      const figure = { name: `${name}, peak RSS`, value: peak, unit: 'MiB' }
      figures.push(name === 'yuzuru' ? { ...figure, atMost: 180 } : figure)
    }
    return figures
  },
}
