import { describe, expect, test } from 'vitest'
import { connect, failure, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

describe('a reply that nobody asked for', () => {
  test.each(['250 2.0.0 queued', '250 OK\r\n250 2.0.0 queued', '354 again', '\r\n250 queued'])(
    'before the message counts as none: %s',
    async (stray) => {
      await using server = await startScripted({ replies: { DATA: `354 go on\r\n${stray}` } })
      await using mail = connect(server)
      expect(await failure(mail)).toMatchObject({ code: 'unexpected', outcome: 'none' })
      expect(server.log).not.toContain('DOT')
      delete server.replies['DATA']
      await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
      expect(server.opened).toBe(2)
    },
  )

  test.each(['250 2.0.0 queued', '550 no'])(
    'in the midst of the message is no success: %s',
    async (stray) => {
      await using server = await startScripted()
      let hasSaid = false
      server.onReply = (stage) => {
        if (stage === 'BODY' && !hasSaid) server.say(stray)
        hasSaid ||= stage === 'BODY'
      }
      await using mail = connect(server)
      const content = Buffer.alloc(8 * 1024 * 1024)
      const message = { ...letter, attachments: [{ filename: 'plan.pdf', content }] }
      const error: unknown = await mail.send(message).catch((reason: unknown) => reason)
      const isRefused = stray.startsWith('5')
      expect(error).toMatchObject({
        code: isRefused ? 'message_rejected' : 'unexpected',
        outcome: isRefused ? 'none' : 'unknown',
      })
      expect(server.log).not.toContain('DOT')
      await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    },
  )

  test('is none when it is an empty line: the message goes on', async () => {
    await using server = await startScripted()
    server.onReply = (stage) => {
      if (stage === 'BODY') server.say('')
    }
    await using mail = connect(server)
    const attachments = [{ filename: 'plan.pdf', content: Buffer.alloc(1024 * 1024) }]
    const sending = mail.send({ ...letter, attachments })
    await expect(sending).resolves.toMatchObject({ accepted: [letter.to] })
  })

  test.each(['GREETING', 'EHLO', 'MAIL', 'RCPT'] as const)(
    'after the answer to %s costs its connection, before anything else is said',
    async (stage) => {
      const own = stage === 'GREETING' ? '220 hello' : '250 OK'
      await using server = await startScripted({ replies: { [stage]: `${own}\r\n250 OK` } })
      await using mail = connect(server)
      expect(await failure(mail)).toMatchObject({ outcome: 'none' })
      expect(server.log.findLast((said) => said !== 'QUIT')).toBe(stage)
      delete server.replies[stage]
      await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    },
  )

  for (const stray of ['550 5.1.1 no', '451 later', '250 OK']) {
    const steps = ['GREETING', 'EHLO', 'MAIL', 'RCPT', 'DATA'] as const
    test.each(steps)(`refuses nobody after the answer to %s: ${stray}`, async (stage) => {
      const own = { GREETING: '220 hello', EHLO: '250 OK', DATA: '354 go on' }
      const usual = stage in own ? own[stage as keyof typeof own] : '250 OK'
      await using server = await startScripted({ replies: { [stage]: `${usual}\r\n${stray}` } })
      await using mail = connect(server)
      const error = await failure(mail)
      const code = stage === 'GREETING' ? 'connection_failed' : 'unexpected'
      expect(error).toMatchObject({ code, outcome: 'none', rejected: [] })
      expect(server.log).not.toContain('DOT')
      delete server.replies[stage]
      await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    })

    test.each(['MAIL', 'RCPT', 'DATA'] as const)(
      `refuses nobody where commands go out several at once, at %s: ${stray}`,
      async (stage) => {
        const own = stage === 'DATA' ? '354 go on' : '250 OK'
        const replies = { EHLO: '250-scripted\r\n250 PIPELINING', [stage]: `${own}\r\n${stray}` }
        await using server = await startScripted({ replies })
        await using mail = connect(server)
        const error = await failure(mail)
        expect(error).toMatchObject({ code: 'unexpected', outcome: 'none', rejected: [] })
        expect(server.log).not.toContain('DOT')
      },
    )
  }

  test('that ends the session is taken at its word', async () => {
    await using server = await startScripted({ replies: { RCPT: '250 OK\r\n421 4.3.2 closing' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
  })
})
