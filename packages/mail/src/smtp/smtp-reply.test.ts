import { describe, expect, test } from 'vitest'
import { startScripted } from '../../test/scripted-smtp.ts'
import { createMail } from '../create-mail.ts'
import type { Mail } from '../mail.ts'
import { codeOf, ReplyRedaction } from './smtp-reply.ts'

const letter = { to: 'hanako@example.jp', subject: 'Hello', text: 'x' }

function connect(port: number): Mail {
  return createMail({ host: '127.0.0.1', port, from: 'no-reply@example.jp', connections: 1 })
}

describe('the code of a reply', () => {
  test.each([
    ['250 OK', 250],
    ['250', 250],
    ['550-no\n550 more', 550],
    ['550-no\r\n550 more\r\n', 550],
    ['550-no\n250 yes', undefined],
    ['250-yes\n550 no', undefined],
    ['2', undefined],
    ['2500 OK', undefined],
    ['OK', undefined],
    ['', undefined],
    ['199 early', undefined],
  ])('is one, or none: %j', (reply, code) => {
    expect(codeOf(reply)).toBe(code)
  })
})

describe('a reply', () => {
  test.each(['550-no\r\n250 yes', '250-yes\r\n550 no', '2', '2500 OK'])(
    'to a message that means two things leaves the outcome unknown: %j',
    async (DOT) => {
      await using server = await startScripted({ replies: { DOT } })
      await using mail = connect(server.port)
      await expect(mail.send(letter)).rejects.toMatchObject({
        code: 'unexpected',
        outcome: 'unknown',
      })
    },
  )

  for (const step of ['MAIL', 'RCPT', 'DATA']) {
    test.each(['550-no\r\n250 yes', '250-yes\r\n550 no', '2', '2500 OK', '3541 go on', 'OK'])(
      `to ${step} that means two things, or nothing, is neither a yes nor a no: %j`,
      async (reply) => {
        await using server = await startScripted({ replies: { [step]: reply } })
        await using mail = connect(server.port)
        const code = 'unexpected'
        await expect(mail.send(letter)).rejects.toMatchObject({ code, outcome: 'none' })
        delete server.replies[step]
        await mail.send(letter)
        expect(server.opened).toBe(2)
      },
    )
  }

  test('that came before it was asked for costs its mail, and is not taken for the next answer', async () => {
    await using server = await startScripted({ replies: { RCPT: '250 OK\r\n250 2.0.0 queued' } })
    await using mail = connect(server.port)
    await expect(mail.send(letter)).rejects.toMatchObject({ code: 'unexpected', outcome: 'none' })
    expect(server.log).not.toContain('DOT')
    delete server.replies['RCPT']
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(server.opened).toBe(2)
  })

  test('after that to a message closes the connection, which is not used again', async () => {
    await using server = await startScripted({ replies: { DOT: '250 OK\r\n550 no' } })
    await using mail = connect(server.port)
    await mail.send(letter)
    await mail.send(letter)
    expect(server.opened).toBe(2)
  })

  test.each([
    ['of empty lines', '\r\n'.repeat(40_000)],
    ['of one line', `250 ${'x'.repeat(70_000)}`],
    ['of lines', `${'250-x\r\n'.repeat(10_000)}250 OK`],
  ])('that is too long ends the connection: %s', async (_name, RCPT) => {
    await using server = await startScripted({ replies: { RCPT } })
    await using mail = connect(server.port)
    await expect(mail.send(letter)).rejects.toMatchObject({ code: 'unexpected', outcome: 'none' })
  })

  test('shows no password, in whatever spelling', () => {
    const user = 'app'
    const password = 'correct horse battery'
    const redaction = new ReplyRedaction({ user, password })
    const spellings = [
      password,
      Buffer.from(password).toString('base64'),
      Buffer.from(`\0${user}\0${password}`).toString('base64'),
    ]
    for (const each of spellings) {
      expect(redaction.shown(`535 you said ${each}, which is wrong`)).toBe(
        '535 you said [redacted], which is wrong',
      )
    }
    expect(redaction.shown(`550 ${'x'.repeat(100_000)}`)).toHaveLength(2_048)
  })
})
