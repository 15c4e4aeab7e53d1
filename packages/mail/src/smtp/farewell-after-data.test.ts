import { setImmediate } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import { describe, expect, test } from 'vitest'
import { caught, connect, failure, letter } from '../../test/local-mail.ts'
import { type Scripted, startScripted } from '../../test/scripted-smtp.ts'
import { createMail } from '../create-mail.ts'

/** What a server says when it ends a session for its own sake, whatever it was asked last. */
const FAREWELLS = [
  '421 Timeout - closing connection',
  '421 4.3.2 Server shutting down',
  '421-4.4.2 mx.example.jp\r\n421 4.4.2 Error: timeout exceeded',
  '421 4.4.1 Connection timed out',
  '451 4.4.2 Timeout waiting for data from client',
]

const dots = ({ log }: Scripted): number => log.filter((stage) => stage === 'DOT').length

/** It has the message, works on it, and says goodbye meanwhile (nodemailer/smtp-server#190). */
async function startBusy(farewell: string): Promise<Scripted> {
  const server = await startScripted({ silentAt: 'DOT' })
  void server.reached.then(() => server.say(farewell))
  return server
}

describe('a farewell after the end of DATA', () => {
  test.each(FAREWELLS)(
    'is no answer to the message, so its outcome is unknown: %s',
    async (said) => {
      await using server = await startBusy(said)
      await using mail = connect(server)
      expect(await failure(mail)).toMatchObject({
        code: 'temporarily_rejected',
        status: Number(said.slice(0, 3)),
        outcome: 'unknown',
      })
    },
  )

  test('has the message sent neither again nor over another server', async () => {
    await using server = await startBusy('421 4.3.2 Server shutting down')
    await using other = await startScripted()
    await using mail = connect(server, {
      retry: { baseDelayMs: 1 },
      failover: [{ host: '127.0.0.1', port: other.port }],
    })
    expect(await failure(mail)).toMatchObject({ outcome: 'unknown' })
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    expect([dots(server), dots(other)]).toEqual([1, 0])
  })

  test.each<[stage: 'MAIL' | 'RCPT' | 'DATA' | 'DOT', outcome: 'none' | 'unknown']>([
    ['MAIL', 'none'],
    ['RCPT', 'none'],
    ['DATA', 'none'],
    ['DOT', 'unknown'],
  ])(
    'is told from one before it with a client that was passed in: at %s',
    async (stage, outcome) => {
      const replies = { [stage]: '421 4.3.2 Server shutting down' }
      await using server = await startScripted({ replies })
      const client = createTransport({ host: '127.0.0.1', port: server.port })
      await using mail = createMail({ client, from: 'no-reply@example.jp' })
      expect(await mail.send(letter).catch(caught)).toMatchObject({ status: 421, outcome })
    },
  )
})
