import { createMail } from '@yuzuru/mail'
import { createTransport } from 'nodemailer'
import type { Benchmark } from '../benchmark.ts'
import { letter, startSink } from './load.ts'

const MAILS = 1_000
const from = 'no-reply@example.jp'

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'the first of 1,000 mails handed over at once: until the server took it, on a new client',
  operation: 'first mail',
  clock: 'wall',
  warmUpMs: 3_000,
  bars: [{ of: 'yuzuru', against: 'nodemailer', atMost: 1 }],
  async cases(resources) {
    const { port } = await startSink(resources)
    const host = '127.0.0.1'
    return [
      {
        name: 'yuzuru',
        operations: 1,
        expected: true,
        async run() {
          const limits = { connections: 5 }
          const mail = createMail({ host, port, from, limits, queue: MAILS })
          const sends = Array.from({ length: MAILS }, (_, nth) => mail.send(letter(nth)))
          for (const send of sends) send.catch(() => undefined)
          const { accepted } = await Promise.race(sends)
          await mail.close({ drainMs: 0 })
          return accepted.length === 1
        },
      },
      {
        name: 'nodemailer',
        operations: 1,
        expected: true,
        async run() {
          const client = createTransport({ host, port, pool: true, maxConnections: 5 })
          const sends = Array.from({ length: MAILS }, (_, nth) => {
            const { to, subject, text, html } = letter(nth)
            return client.sendMail({ from, to, subject, text, html })
          })
          for (const send of sends) send.catch(() => undefined)
          const { accepted } = await Promise.race(sends)
          client.close()
          return accepted.length === 1
        },
      },
    ]
  },
}
