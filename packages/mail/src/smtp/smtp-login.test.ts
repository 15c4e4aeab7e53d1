import { startSmtp, type SmtpServer } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { failure, letter } from '../../test/local-mail.ts'
import { startScripted } from '../../test/scripted-smtp.ts'
import { createMail, type SmtpMailOptions } from '../create-mail.ts'
import type { Mail } from '../mail.ts'
import type { TokenAuth } from './smtp-auth.ts'
import { SmtpLogin } from './smtp-login.ts'
import { ReplyRedaction } from './smtp-reply.ts'

const EHLO = '250-scripted\r\n250 AUTH PLAIN LOGIN XOAUTH2'

function mailTo(
  { port }: { readonly port: number },
  token: TokenAuth['token'],
  options: Partial<SmtpMailOptions> = {},
): Mail<unknown> {
  const auth = { user: 'yuzuru', token }
  return createMail({ host: '127.0.0.1', port, from: 'no-reply@example.jp', auth, ...options })
}

/** As a token store does: keeps what it has, until it is refused. */
function storeOf(server: SmtpServer): { token: TokenAuth['token']; asked: string[] } {
  let known = server.accessToken
  const asked: string[] = []
  return {
    asked,
    token: async ({ refused }) => {
      await Promise.resolve()
      asked.push(refused === undefined ? 'token' : 'new token')
      if (refused === known) known = server.accessToken
      return known
    },
  }
}

describe('a login by OAuth 2', () => {
  test('asks for a token, and for a new one once when it is refused', async () => {
    await using server = await startSmtp({ auth: true })
    const { token, asked } = storeOf(server)
    server.renewAccessToken()
    await using mail = mailTo(server, token)
    await mail.send(letter)
    expect(asked).toEqual(['token', 'new token'])
    await mail.send(letter)
    expect(asked).toHaveLength(2)
    expect(server.inbox.messages).toHaveLength(2)
  })

  test('of several connections at once asks for one token', async () => {
    let asked = 0
    const token = async (): Promise<string> => `token-${(asked += 1)}`
    const auth = { user: 'yuzuru', token }
    const login = new SmtpLogin(auth, new ReplyRedaction(auth))
    const used: string[] = []
    const session = (): Promise<void> =>
      login.run(
        async ({ credentials }) => void used.push(credentials.pass),
        new Promise(() => undefined),
      )
    await Promise.all([session(), session(), session(), session()])
    expect(used).toEqual(['token-1', 'token-1', 'token-1', 'token-1'])
    await session()
    expect(asked).toBe(2)
  })

  test('is refused for good when the new token is, and shows no token', async () => {
    await using server = await startScripted({
      replies: { EHLO, AUTH: '535 5.7.3 no: secret-token-1 secret-token-2' },
    })
    let count = 0
    await using mail = mailTo(server, () => `secret-token-${(count += 1)}`)
    const error = await failure(mail)
    expect(error).toMatchObject({ code: 'unauthenticated', outcome: 'none', retryable: false })
    expect(error.response).toMatch(/^535 5\.7\.3 no/)
    expect(`${error.response} ${error.stack} ${String(error.cause)}`).not.toContain('secret-token')
    expect(server.log.filter((verb) => verb === 'AUTH')).toHaveLength(2)
    expect(server.lines.find((line) => line.startsWith('AUTH'))).toBe(
      `AUTH XOAUTH2 ${btoa('user=yuzuru\u0001auth=Bearer secret-token-1\u0001\u0001')}`,
    )
  })

  test('is not tried again with the same token', async () => {
    await using server = await startScripted({ replies: { EHLO, AUTH: '535 5.7.3 no' } })
    await using mail = mailTo(server, () => 'the-same')
    expect((await failure(mail)).code).toBe('unauthenticated')
    expect(server.log.filter((verb) => verb === 'AUTH')).toHaveLength(1)
  })

  test('fails with the error of the function that gives tokens, or when it gives none', async () => {
    await using server = await startScripted({ replies: { EHLO, AUTH: '235 yes' } })
    const broken = Object.assign(new Error('no network'), { retryable: true })
    for (const [token, retryable] of [
      [() => Promise.reject(broken), true],
      [() => 'two words', false],
      [() => undefined as never, false],
    ] as const) {
      await using mail = mailTo(server, token)
      const error = await failure(mail)
      expect(error).toMatchObject({ code: 'unauthenticated', outcome: 'none', retryable })
      expect(error.message).toBe('mail.send failed: no access token')
    }
    expect(server.log).not.toContain('AUTH')
  })

  test('that waits for a token ends with its scope, and with the client', async () => {
    await using server = await startScripted({ replies: { EHLO } })
    const signals: AbortSignal[] = []
    const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const token: TokenAuth['token'] = ({ signal }) => {
      signals.push(signal)
      asked[signals.length - 1]?.resolve()
      return new Promise(() => undefined)
    }
    await using mail = mailTo(server, token, { connections: 1 })
    const controller = new AbortController()
    const cancelled = mail.send(letter, { signal: controller.signal })
    await asked[0]?.promise
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ name: 'Cancelled', outcome: 'none' })
    expect(signals[0]?.aborted).toBe(true)
    const cut = failure(mail)
    await asked[1]?.promise
    await mail.close({ drainMs: 0 })
    expect(await cut).toMatchObject({ code: 'closed', outcome: 'none' })
  })

  test('takes a user with a token or a password, not both', () => {
    const wrong = [
      { user: 'a', token: 'x' },
      { user: 'a', password: 'x', token: () => 'x' },
      { user: 'a\u0001b', token: () => 'x' },
      { user: '', token: () => 'x' },
      { user: 'a' },
    ]
    for (const auth of wrong) {
      expect(() =>
        createMail({ host: 'localhost', from: 'a@example.jp', auth: auth as never }),
      ).toThrow(TypeError)
    }
  })
})
