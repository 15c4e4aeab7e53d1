import { describe, expect, test } from 'vitest'
import { connect, failure } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'

describe('a failing server', () => {
  test('that refuses the connection is connection_failed with outcome none', async () => {
    const server = await startScripted()
    await server[Symbol.asyncDispose]()
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
      retryable: true,
      reason: 'ECONNREFUSED',
      message: `mail.send failed: no connection to 127.0.0.1:${server.port} (ECONNREFUSED)`,
    })
  })

  test('that greets with 554 is connection_failed, with 421 temporarily_rejected', async () => {
    await using server = await startScripted({ replies: { GREETING: '554 no' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'connection_failed', retryable: false })
    server.replies['GREETING'] = '421 later'
    expect(await failure(mail)).toMatchObject({ code: 'temporarily_rejected', retryable: true })
  })

  test('that hangs up before the end of DATA is connection_lost with outcome none', async () => {
    await using server = await startScripted({ hangUpAt: 'DATA' })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'connection_lost', outcome: 'none' })
  })

  test.each(['421 4.7.0 try again later', '421 4.2.1 over quota', '451 4.3.0 try later'])(
    'that says no to the message for now has outcome none: %s',
    async (reply) => {
      await using server = await startScripted({ replies: { DOT: reply } })
      await using mail = connect(server)
      expect(await failure(mail)).toMatchObject({ code: 'temporarily_rejected', outcome: 'none' })
    },
  )

  test('that replies nonsense to the message has outcome unknown', async () => {
    await using server = await startScripted({ replies: { DOT: '354 what?' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'unexpected', outcome: 'unknown' })
  })

  test('that refuses the sender is sender_rejected', async () => {
    await using server = await startScripted({ replies: { MAIL: '553 5.7.1 not yours' } })
    await using mail = connect(server)
    expect(await failure(mail)).toMatchObject({ code: 'sender_rejected', outcome: 'none' })
  })

  test('that is silent for longer than replyTimeoutMs is timeout', async () => {
    await using server = await startScripted({ silentAt: 'DOT' })
    await using mail = connect(server, { replyTimeoutMs: 30 })
    expect(await failure(mail)).toMatchObject({ code: 'timeout', outcome: 'unknown' })
  })

  test('without STARTTLS gets no mail when TLS is required', async () => {
    await using server = await startScripted()
    const auth = { user: 'keikaku', password: 'x' }
    await using mail = connect(server, { startTls: 'required', auth })
    expect(await failure(mail)).toMatchObject({ code: 'connection_failed', retryable: false })
    expect(server.log).toEqual(['GREETING', 'EHLO', 'STARTTLS'])
  })
})
