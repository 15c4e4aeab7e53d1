import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { PSK } from '../../test/scripted-smtp.ts'
import { startWatching } from '../../test/watching-smtp.ts'
import type { Mail } from '../mail.ts'

/** Far more than a kernel holds, so that most of it waits here when its first part is read. */
const LONG = `.${'x'.repeat(70)}\r\n`.repeat(160_000)
/** Leaves together with its end. */
const SHORT = '.x\r\n'.repeat(10)

type Cut = (mail: Mail<unknown>, abort: AbortController, socket: Socket) => unknown

/** What is done, or what the server answers before the end. */
const CUTS: readonly [string, Cut | string, RegExp][] = [
  ['a cancel', (_mail, abort) => abort.abort(), /^none$/],
  ['close()', (mail) => mail.close({ drainMs: 0 }), /^none$/],
  // It goes out once more, over a new connection.
  ['a server that hangs up', (_mail, _abort, socket) => socket.destroy(), /^sent$/],
  ['a server that has said its last', (_mail, _abort, socket) => socket.end(), /^sent$/],
  ['a server that refuses it', '452 4.3.1 no room', /^none$/],
  ['a server that takes it', '250 2.0.0 OK', /^unknown$/],
]

let count = 0

/** @returns what is said of the message, which was compared with what the server has */
async function cutAt(
  secure: boolean,
  cut: Cut | string,
  { text, at }: { readonly text: string; readonly at: number },
): Promise<string> {
  await using server = await startWatching(secure)
  const tls = { ...PSK, checkServerIdentity: () => undefined }
  await using mail = connect(server, { connections: 1, ...(secure ? { secure, tls } : {}) })
  await mail.send(letter)
  const abort = new AbortController()
  const messageId = `<cut-${(count += 1)}@example.jp>`
  if (typeof cut === 'string') server.at(at, () => undefined, cut)
  else server.at(at, (socket) => void cut(mail, abort, socket))
  const sent: unknown = await mail
    .send({ ...letter, text, messageId }, { signal: abort.signal })
    .catch(caught)
  const outcome = sent instanceof Error && 'outcome' in sent ? String(sent.outcome) : 'sent'
  // Over the same connection or a new one: nothing of the message before is left in it.
  const next = `<next-${count}@example.jp>`
  const after: unknown = await mail.send({ ...letter, messageId: next }).catch(caught)
  const isClosed = after instanceof Error && 'code' in after && after.code === 'closed'
  if (!isClosed) expect(server.came.get(next), `after ${messageId}`).toBe(1)
  expect(server.stray).toEqual([])
  const times = server.came.get(messageId) ?? 0
  const what = `at ${at}: ${outcome}, came ${times} times, ${String(sent)}`
  if (outcome === 'sent') expect(times, what).toBe(1)
  else if (outcome === 'unknown') expect(times, what).toBeLessThanOrEqual(1)
  else expect(times, what).toBe(0)
  return outcome
}

describe.each([
  ['in the clear', false],
  ['over TLS', true],
])('a message that is cut off on its way %s', (_how, secure) => {
  for (const [name, cut, outcome] of CUTS) {
    test(`by ${name} is said what is true, and the next one is whole`, async () => {
      // Most of it still waits on this side.
      expect(await cutAt(secure, cut, { text: LONG, at: 200_000 })).toMatch(outcome)
      // Around the end of a short one.
      for (let at = 1; at < 400; at += 99) await cutAt(secure, cut, { text: SHORT, at })
    })
  }
})
