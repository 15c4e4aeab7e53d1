import { describe, expect, test } from 'vitest'
import { type Cut, type Cutting, startCutting } from '../../test/cutting-smtp.ts'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { PSK } from '../../test/scripted-smtp.ts'
import { MailError } from '../mail-error.ts'

/** Which of the bytes: each eleventh. All of them were tried: `YUZURU_MAIL_EVERY_BYTE=1`. */
const STEP = Number(process.env['YUZURU_MAIL_EVERY_BYTE'] ?? 11)

/** A mail, one that is refused at its recipient, and one after that: RSET lies between the two. */
const KINDS = ['first', 'refused', 'last'] as const

interface End {
  readonly messageId: string
  readonly outcome: 'sent' | 'refused' | 'none' | 'unknown'
}

/** A shared key leaves no certificate to check. */
const tls = { ...PSK, checkServerIdentity: () => undefined }

let count = 0

/** The three over a client of their own, with the server hanging up somewhere; then one more. */
async function dialogue(
  server: Cutting,
  secure: boolean,
  cut: Cut | undefined,
): Promise<{ readonly ends: readonly End[]; readonly bytes: Record<Cut['after'], number> }> {
  server.cutAt(cut)
  await using mail = connect(server, { connections: 1, ...(secure ? { secure, tls } : {}) })
  const ends: End[] = []
  for (const kind of KINDS) {
    const messageId = `<${(count += 1)}@example.jp>`
    const to = kind === 'refused' ? 'nobody@example.jp' : letter.to
    const sent = await mail.send({ ...letter, to, text: '.x\n', messageId }).catch(caught)
    ends.push({ messageId, outcome: outcomeIn(sent) })
  }
  const { heard, said } = server
  server.cutAt(undefined)
  await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
  return { ends, bytes: { heard, said } }
}

function outcomeIn(sent: unknown): End['outcome'] {
  if (!MailError.isInstance(sent)) return 'sent'
  return sent.code === 'recipient_rejected' ? 'refused' : sent.outcome
}

const SERVERS: readonly [string, { secure: boolean; pipelining: boolean }][] = [
  ['in the clear', { secure: false, pipelining: false }],
  ['with PIPELINING', { secure: false, pipelining: true }],
  ['over TLS', { secure: true, pipelining: true }],
]

describe('a server that hangs up at a byte', () => {
  for (const [name, options] of SERVERS) {
    test(`${name}: what is said of each mail is true, with RSET between two, and the next is sent`, async () => {
      await using server = await startCutting(options)
      const well = await dialogue(server, options.secure, undefined)
      expect(well.ends.map(({ outcome }) => outcome)).toEqual(['sent', 'refused', 'sent'])
      const seen = new Map<string, number>()
      for (const after of ['heard', 'said'] as const) {
        for (let at = 1; at <= well.bytes[after]; at += STEP) {
          const { ends } = await dialogue(server, options.secure, { after, bytes: at })
          for (const { messageId, outcome } of ends) {
            const times = server.came.get(messageId) ?? 0
            const what = `${after} ${at}: ${outcome}, came ${times} times`
            seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
            if (outcome === 'sent') expect(times, what).toBe(1)
            else if (outcome === 'unknown') expect(times, what).toBeLessThanOrEqual(1)
            else expect(times, what).toBe(0)
          }
        }
      }
      expect(seen.get('unknown')).toBeGreaterThan(5)
      expect(seen.get('none')).toBeGreaterThan(5)
    })
  }
})
