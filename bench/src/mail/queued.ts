/** Hands over 20,000 mails at once when it is given a port, and answers with its peak memory in MiB. */
import { byNodemailer, mailOf, note, type Sink } from './load.ts'

const MAILS = 20_000
const [name] = process.argv.slice(2)

async function send(port: number): Promise<number> {
  await using resources = new AsyncDisposableStack()
  const sink: Sink = { port, taken: () => Promise.resolve(0) }
  if (name === 'nodemailer') await byNodemailer(resources, sink, note)(MAILS)
  else {
    const mail = mailOf(resources, sink)
    await Promise.all(Array.from({ length: MAILS }, (_, nth) => mail.send(note(nth))))
  }
  return process.resourceUsage().maxRSS / 1024
}

process.on('message', (port) => {
  void send(Number(port)).then((peak) => process.send?.(peak))
})
