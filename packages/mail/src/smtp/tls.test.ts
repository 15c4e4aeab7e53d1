import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createSecureServer, TLSSocket } from 'node:tls'
import { createTransport } from 'nodemailer'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import { startScripted } from '../../test/scripted-smtp.ts'
import { createMail, type SmtpMailOptions } from '../create-mail.ts'

const auth = { user: 'keikaku', password: 'the-password' }
const letter = { to: 'hanako@example.jp', subject: 'private', text: 'a private letter' }

/** What stands between the app and its server: a certificate of its own, and an ear. */
interface Middle extends AsyncDisposable {
  readonly port: number
  readonly heard: () => string
  readonly certificate: string
}

async function startMiddle(kind: 'implicit' | 'starttls' | 'injecting'): Promise<Middle> {
  const altNames = [{ type: 7, ip: '127.0.0.1' }] as const
  const extensions = [{ name: 'subjectAltName' as const, altNames: [...altNames] }]
  const made = await generate([{ name: 'commonName', value: 'middle' }], { extensions })
  const pair = { key: made.private, cert: made.cert }
  const sockets = new Set<Socket>()
  let heard = ''
  const talk = (socket: Socket, greeting: string): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    if (greeting !== '') socket.write(greeting)
    socket.on('data', (data) => {
      heard += data.toString('latin1')
      const [verb = ''] = data.toString('latin1').trim().split(' ')
      if (verb === 'EHLO') {
        const offers = socket instanceof TLSSocket ? ['AUTH PLAIN'] : ['STARTTLS', 'AUTH PLAIN']
        socket.write(
          [
            '250-middle',
            ...offers.slice(0, -1).map((offer) => `250-${offer}`),
            `250 ${offers.at(-1)}`,
            '',
          ].join('\r\n'),
        )
      } else if (verb === 'STARTTLS') {
        // What was sent before the handshake must not be taken for an answer after it.
        socket.write(kind === 'injecting' ? '220 go on\r\n250 AUTH PLAIN\r\n' : '220 go on\r\n')
        socket.removeAllListeners('data')
        talk(new TLSSocket(socket, { isServer: true, ...pair }), '')
      } else if (verb === 'DATA') socket.write('354 go on\r\n')
      else if (verb === 'AUTH') socket.write('235 welcome\r\n')
      else socket.write('250 ok\r\n')
    })
  }
  const server =
    kind === 'implicit'
      ? createSecureServer(pair, (socket) => talk(socket, '220 middle\r\n'))
      : createServer((socket) => talk(socket, '220 middle\r\n'))
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    certificate: made.cert,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const KINDS: readonly (readonly [
  'implicit' | 'starttls' | 'injecting',
  Partial<SmtpMailOptions>,
])[] = [
  ['implicit', { secure: true }],
  ['starttls', { startTls: 'required' }],
  ['starttls', { startTls: 'if-offered' }],
  ['injecting', { startTls: 'required' }],
]

test.each(KINDS)(
  'a man in the middle with a certificate of his own gets neither password nor mail: %s, %o',
  async (kind, options) => {
    await using middle = await startMiddle(kind)
    const server = { host: '127.0.0.1', port: middle.port, from: 'a@example.jp', auth, ...options }
    await using mail = createMail(server)
    await expect(mail.send(letter)).rejects.toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
      retryable: false,
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      message: `mail.send failed: no TLS with 127.0.0.1:${middle.port} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    })
    expect(middle.heard()).not.toMatch(/AUTH|MAIL FROM|private/)
  },
)

test.each(['implicit', 'starttls'] as const)(
  'a trusted certificate is accepted: %s',
  async (kind) => {
    await using middle = await startMiddle(kind)
    await using mail = createMail({
      host: '127.0.0.1',
      port: middle.port,
      from: 'a@example.jp',
      auth,
      secure: kind === 'implicit',
      tls: { ca: middle.certificate },
    })
    // How it ends is of no matter here.
    await mail.send(letter, { timeoutMs: 2_000 }).catch(() => undefined)
    expect(middle.heard()).toContain('AUTH')
  },
)

/** What goes wrong with TLS for good, so that a repeat would only go wrong again. */
interface Trouble {
  readonly options: (middle: Middle) => Partial<SmtpMailOptions>
  readonly reason: RegExp
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'a certificate of another name': {
    options: ({ certificate: ca }) => ({
      secure: true,
      tls: { ca, servername: 'smtp.example.jp' },
    }),
    reason: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
  },
  'a version that the server does not speak': {
    options: () => ({ secure: true, tls: { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' } }),
    reason: /^(?:ERR_SSL_\w+|EPROTO)$/,
  },
}

test.each(Object.entries(TROUBLES))('%s is not retryable, and named', async (_, trouble) => {
  await using middle = await startMiddle('implicit')
  await expectNoTls(middle.port, trouble.options(middle), trouble.reason)
})

test('a port without TLS is not retryable, and named', async () => {
  await using server = await startScripted()
  await expectNoTls(server.port, { secure: true }, /^(?:ERR_SSL_\w+|EPROTO)$/)
})

test.each([true, false])(
  'a client passed in fails so too: TLS from the start %s',
  async (secure) => {
    await using middle = await startMiddle(secure ? 'implicit' : 'starttls')
    const client = createTransport({ host: '127.0.0.1', port: middle.port, secure })
    await using mail = createMail({ client, from: 'a@example.jp' })
    await expect(mail.send(letter)).rejects.toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
      retryable: false,
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  },
)

async function expectNoTls(
  port: number,
  options: Partial<SmtpMailOptions>,
  reason: RegExp,
): Promise<void> {
  await using mail = createMail({ host: '127.0.0.1', port, from: 'a@example.jp', ...options })
  await expect(mail.send(letter)).rejects.toMatchObject({
    code: 'connection_failed',
    outcome: 'none',
    retryable: false,
    reason: expect.stringMatching(reason),
    message: expect.stringContaining(`no TLS with 127.0.0.1:${port} (`),
  })
}
