import type { Benchmark } from '../benchmark.ts'
import { byNodemailer, letter, mailOf, sendsAll, startSink } from './load.ts'

const MAILS = 2_000

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: '2,000 HTML mails of 4 kB over 5 connections, against nodemailer’s own pool',
  operation: 'mail',
  clock: 'cpu',
  warmUpMs: 3_000,
  bars: [{ of: 'yuzuru, send', against: 'nodemailer', atLeast: 1.15 }],
  async cases(resources) {
    const sink = await startSink(resources)
    const mail = mailOf(resources, sink)
    const nodemailer = byNodemailer(resources, sink)
    function* letters(count: number): Generator<ReturnType<typeof letter>> {
      for (let nth = 0; nth < count; nth += 1) yield letter(nth)
    }
    return [
      sendsAll('yuzuru, send', sink, MAILS, async (count) => {
        await Promise.all(Array.from({ length: count }, (_, nth) => mail.send(letter(nth))))
      }),
      sendsAll('yuzuru, sendMany', sink, MAILS, async (count) => {
        for await (const { status } of mail.sendMany(letters(count))) {
          if (status === 'rejected') throw new Error('Expected every mail to be sent')
        }
      }),
      sendsAll('nodemailer', sink, MAILS, nodemailer),
    ]
  },
}
