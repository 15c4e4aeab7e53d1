import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const READ_AHEAD_BYTES = 1024 * 1024
const SLICES_PER_SECOND = 20

/** What decides about the bytes on one way of one connection. */
export interface LaneRules {
  delayMs(): number
  bytesPerSecond(): number | undefined
  /** Waits while nothing may pass. */
  passable(): Promise<void>
  /** How many of these bytes may pass, and whether the connection is cut after them. */
  admit(chunk: Buffer): { bytes: number; thenCut: boolean }
  cut(): void
}

/** Yields each chunk so long after it came, reading ahead meanwhile: a delay costs time once, not once a chunk. */
async function* delayed(from: Socket, rules: LaneRules): AsyncGenerator<Buffer> {
  const queue: { chunk: Buffer; due: number }[] = []
  let queuedBytes = 0
  let ended = false
  let wake = (): void => {}
  const end = (): void => {
    ended = true
    wake()
  }
  from.on('data', (data) => {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data
    const ms = rules.delayMs()
    queue.push({ chunk, due: ms === 0 ? 0 : performance.now() + ms })
    queuedBytes += chunk.length
    if (queuedBytes > READ_AHEAD_BYTES) from.pause()
    wake()
  })
  from.on('end', end)
  from.on('close', end)
  for (;;) {
    const next = queue.shift()
    if (next) {
      // A timer may fire a little early.
      let wait = next.due - performance.now()
      while (wait > 0) {
        await delay(wait)
        wait = next.due - performance.now()
      }
      queuedBytes -= next.chunk.length
      if (queuedBytes <= READ_AHEAD_BYTES) from.resume()
      yield next.chunk
    } else if (ended) {
      return
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (to.destroyed || bytes.length === 0 || to.write(bytes)) return
  await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {})
}

async function writePaced(to: Socket, bytes: Buffer, rules: LaneRules): Promise<void> {
  let at = 0
  while (at < bytes.length && !to.destroyed) {
    const rate = rules.bytesPerSecond()
    const size =
      rate === undefined ? bytes.length : Math.max(1, Math.floor(rate / SLICES_PER_SECOND))
    const slice = bytes.subarray(at, at + size)
    at += slice.length
    await write(to, slice)
    if (rate !== undefined) await delay((slice.length / rate) * 1000)
  }
}

/** Carries the bytes of one way of a connection until it ends or is cut. */
export async function carry(from: Socket, to: Socket, rules: LaneRules): Promise<void> {
  for await (const chunk of delayed(from, rules)) {
    await rules.passable()
    const { bytes, thenCut } = rules.admit(chunk)
    await writePaced(to, chunk.subarray(0, bytes), rules)
    if (thenCut) {
      rules.cut()
      return
    }
  }
  await rules.passable()
  if (!to.destroyed) to.end()
}
