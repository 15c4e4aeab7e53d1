/**
 * Hands over 20,000 mails at once when it is given a port, after a first one; answers with its peak memory in MiB,
 * and with what it was after the first.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Mail } from '@yuzuru/mail'
import { byNodemailer, mailOf, note, type Sink } from './load.ts'

const MAILS = 20_000
const [name] = process.argv.slice(2)

const peak = (): number => process.resourceUsage().maxRSS / 1024

type Send = (count: number) => Promise<void>

const sendAll =
  (mail: Mail<unknown>): Send =>
  async (count) => {
    await Promise.all(Array.from({ length: count }, (_, nth) => mail.send(note(nth))))
  }

/** Ten at a time, each made when it is its turn. */
async function tenAtATime(count: number, send: (nth: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await send(next - 1)
    }
  }
  await Promise.all(Array.from({ length: 10 }, work))
}

const ten =
  (mail: Mail<unknown>): Send =>
  (count) =>
    tenAtATime(count, (nth) => mail.send(note(nth)))

/** What the caller itself holds: its messages, and a promise of each. Nothing of it could be cancelled. */
const promises =
  (mail: Mail<unknown>): Send =>
  async (count) => {
    const calls = Array.from({ length: count }, (_, nth) => ({
      message: note(nth),
      call: Promise.withResolvers<unknown>(),
    }))
    const all = Promise.all(calls.map(({ call }) => call.promise))
    await tenAtATime(count, async (nth) => {
      const each = calls[nth]
      if (each !== undefined) each.call.resolve(await mail.send(each.message))
    })
    await all
  }

/**
 * What any client must hold of a call that waits and can be cancelled: the message, a context, a signal, and a
 * promise with what follows on it. Ten at a time are given to ours.
 */
const floor =
  (mail: Mail<unknown>): Send =>
  async (count) => {
    const context = new AsyncLocalStorage<AbortController>()
    const waiting: (() => void)[] = []
    const next = (): void => waiting.pop()?.()
    const calls = Array.from({ length: count }, (_, nth) => {
      const message = note(nth)
      const controller = new AbortController()
      return context.run(controller, async () => {
        const { signal } = controller
        await new Promise<void>((resolve) => waiting.push(resolve))
        signal.throwIfAborted()
        await mail.send(message)
        next()
      })
    })
    for (let begun = 0; begun < 10; begun += 1) next()
    await Promise.all(calls)
  }

const FLOORS: Readonly<Record<string, (mail: Mail<unknown>) => Send>> = { ten, promises, floor }

function sender(resources: AsyncDisposableStack, sink: Sink): Send {
  if (name === 'nodemailer') return byNodemailer(resources, sink, note)
  const mail = mailOf(resources, sink)
  return (FLOORS[name ?? ''] ?? sendAll)(mail)
}

async function measure(port: number): Promise<object> {
  await using resources = new AsyncDisposableStack()
  const send = sender(resources, { port, taken: () => Promise.resolve(0) })
  await send(1)
  const before = peak()
  await send(MAILS)
  return { before, peak: peak() }
}

process.on('message', (port) => {
  void measure(Number(port)).then((report) => process.send?.(report))
})
