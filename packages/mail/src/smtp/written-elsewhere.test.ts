import { describe, expect, test } from 'vitest'
import { caught, connect, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

const from = 'no-reply@example.jp'
const envelope = { from, to: letter.to }
const EHLO = '250-scripted\r\n250 8BITMIME'

describe('a message that its maker wrote itself', () => {
  test('in 8-bit is announced as such', async () => {
    await using server = await startScripted({ replies: { EHLO } })
    await using mail = connect(server)
    await mail.client.sendMail({ envelope, raw: 'Subject: x\r\n\r\n計画\r\n' })
    expect(server.lines).toContain(`MAIL FROM:<${from}> BODY=8BITMIME`)
  })

  test('in 8-bit does not go to a server that takes none', async () => {
    await using server = await startScripted()
    await using mail = connect(server)
    const error = await mail.client
      .sendMail({ envelope, raw: 'Subject: x\n\n計画\n' })
      .catch(caught)
    expect(error).toMatchObject({ code: 'invalid_message', outcome: 'none', retryable: false })
    expect(server.log).not.toContain('MAIL')
    await expect(mail.send(letter)).resolves.toMatchObject({ accepted: [letter.to] })
    expect(server.opened).toBe(1)
  })

  test('in lines of more than 998 bytes is not sent', async () => {
    await using server = await startScripted({ replies: { EHLO } })
    await using mail = connect(server)
    const raw = `Subject: x\r\n\r\n${'y'.repeat(999)}\r\n`
    const error = await mail.client.sendMail({ envelope, raw }).catch(caught)
    expect(error).toMatchObject({ code: 'invalid_message', outcome: 'none', retryable: false })
    await mail.client.sendMail({ envelope, raw: `Subject: x\r\n\r\n${'y'.repeat(998)}\r\n` })
    expect(server.log.filter((stage) => stage === 'DOT')).toHaveLength(1)
  })
})

test('what is written here is never in 8-bit', async () => {
  await using server = await startScripted({ replies: { EHLO } })
  await using mail = connect(server)
  await mail.send({ ...letter, html: '<p>計画</p>', headers: { 'X-Plan': '計画' } })
  expect(server.lines).toContain(`MAIL FROM:<${from}>`)
})
