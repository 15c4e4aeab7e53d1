import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Cancelled, outcomeOf } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { connect, letter } from '../../test/local-mail.ts'
import { startCounting } from '../../test/counting-smtp.ts'

/** As many as were asked for: fifteen seconds. */
const MAILS = Number(process.env['YUZURU_RUNS'] ?? 10_000)
const CONNECTIONS = 5

/** Node's own, without a flag at its start. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

/** The same numbers each time (Mulberry32). */
function diceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('a storm of queued mails that are cancelled at random: none doubled, none lost, all places and memory back', async () => {
  await using server = await startCounting()
  await using mail = connect(server, {
    connections: CONNECTIONS,
    queue: MAILS,
    acquireTimeoutMs: Infinity,
  })
  const dice = diceOf(5321)
  const messages: WeakRef<object>[] = []
  const controllers = Array.from({ length: MAILS }, () => new AbortController())
  const ends = controllers.map(async ({ signal }, nth) => {
    const messageId = `<${nth}@example.jp>`
    const message = { ...letter, messageId }
    messages.push(new WeakRef(message))
    const end = await mail.send(message, { signal }).then(
      () => 'sent',
      (error: unknown) => (Cancelled.isInstance(error) ? outcomeOf(error) : error),
    )
    return { messageId, end }
  })
  const victims = controllers.filter(() => dice() < 0.4)
  const state = { isOver: false }
  const all = Promise.all(ends).finally(() => (state.isOver = true))
  const cancelSome = async (): Promise<void> => {
    while (!state.isOver && victims.length > 0) {
      // Those at the front are on their way, those behind wait.
      const isFront = dice() < 0.7
      victims.splice(isFront ? 0 : Math.floor(dice() * victims.length), 1)[0]?.abort()
      if (dice() < 0.8) await setImmediate()
    }
  }
  await cancelSome()
  const tally = new Map<unknown, number>()
  for (const { messageId, end } of await all) {
    const times = server.came.get(messageId) ?? 0
    tally.set(end, (tally.get(end) ?? 0) + 1)
    if (end === 'sent') expect(times, messageId).toBe(1)
    else if (end === 'none') expect(times, messageId).toBe(0)
    else {
      expect(end).toBe('unknown')
      expect(times, messageId).toBeLessThanOrEqual(1)
    }
  }
  expect(tally.get('sent')).toBeGreaterThan(MAILS / 3)
  expect(tally.get('none')).toBeGreaterThan(MAILS / 20)
  await setImmediate()
  collectGarbage()
  // What a connection sent last may still be known to it.
  const held = messages.filter((message) => message.deref() !== undefined)
  expect(held.length).toBeLessThanOrEqual(CONNECTIONS)
  // No place is lost, and none was made up: as many messages as places are in dialogue at once.
  server.hold(true)
  const more = Promise.all(Array.from({ length: 50 }, () => mail.send(letter)))
  while (server.inDialogue < CONNECTIONS) await setImmediate()
  for (let turn = 0; turn < 200; turn += 1) await setImmediate()
  expect(server.inDialogue).toBe(CONNECTIONS)
  server.hold(false)
  await more
  expect(server.open).toBeLessThanOrEqual(CONNECTIONS)
})
