import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { callbackify } from 'node:util'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { SMTPServer } from 'smtp-server'
import { doInScope, startServer } from '../in-scope.ts'
import { checkPort, portOf } from '../port.ts'
import { startInFolder } from '../start-in-folder.ts'
import { checkAnswers, fateOf, rejection, type SmtpAnswers } from './answers.ts'
import { MessageList, type Inbox } from './inbox.ts'
import { expectMailbox } from './mailbox-syntax.ts'
import { openMailFile } from './mail-file.ts'
import { parseMessage, type Envelope } from './message.ts'

/** How to start the mail server. */
export interface SmtpOptions {
  /** Where to keep the inbox. @default none: in memory only */
  dir?: string | undefined
  /** 0–65535. @default 0, a free one */
  port?: number | undefined
  /** Refuse mail without a login (530). The right password is accepted in any case. @default false */
  auth?: boolean | undefined
  /** The inbox keeps the newest so many, 1 or more. @default 2000 */
  maxMessages?: number | undefined
  /** A longer message is refused with 552. @default 26214400 (25 MiB) */
  maxBytes?: number | undefined
  /** How many connections at once, 1 or more; one more is greeted with 421. @default no limit */
  connections?: number | undefined
  /** What to answer on purpose; `setAnswers` changes it later. */
  answers?: SmtpAnswers | undefined
}

/** The names of {@link SmtpOptions}. */
export const SMTP_OPTIONS: readonly string[] = Object.keys({
  dir: true,
  port: true,
  auth: true,
  maxMessages: true,
  maxBytes: true,
  connections: true,
  answers: true,
} satisfies Record<keyof SmtpOptions, true>)

/** A mail server on the loopback interface that delivers to its inbox. Disposing of it is `close()`. */
export interface SmtpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Logs in by AUTH XOAUTH2 as `user`, until {@link renewAccessToken} is called. */
  readonly accessToken: string
  /** `smtp://user:password@host:port` */
  readonly url: string
  readonly inbox: Inbox
  /**
   * Replaces the answers given on purpose, for messages to come; `{}` accepts all.
   *
   * @throws {TypeError} on an unknown name. For a function that gives no answer the client gets a 450.
   */
  setAnswers(answers: SmtpAnswers): void
  /**
   * Makes a new access token, and the one before worthless: as when it has expired. Connections that are logged in
   * stay so.
   */
  renewAccessToken(): string
  /** Cuts all connections. A second call waits for the first. */
  close(): Promise<void>
}

const USER = 'yuzuru'

/** What Google's server says of a token that is not right. */
const REFUSED_TOKEN = { status: '401', schemes: 'bearer', scope: 'https://mail.google.com/' }

function same(given: string | null | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * Starts a real SMTP server: pipelining, 8BITMIME, SMTPUTF8, AUTH PLAIN, LOGIN and XOAUTH2.
 *
 * XOAUTH2 is Google's: a token that is not the right one gets a 334 with a JSON that says why, and the 535 follows the
 * client's empty answer.
 *
 * It greets a client 100 ms after it connected, as the library below does: a client that sends much keeps its connection.
 * Not covered: TLS.
 *
 * @throws {TypeError} when an option is unknown or out of its range.
 * @example
 * await using smtp = await startSmtp()
 * const message = await smtp.inbox.waitFor({ to: 'hanako@example.jp' })
 */
export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpServer> {
  expectOptions(options, SMTP_OPTIONS, 'startSmtp')
  checkSmtpOptions(options)
  return await startServer('startSmtp', () => startInFolder(options.dir, () => start(options)))
}

function checkSmtpOptions(options: SmtpOptions): void {
  const { maxMessages = 1, maxBytes = 1, connections = Infinity, answers = {} } = options
  checkPort(options.port)
  const limits = { maxMessages, maxBytes, ...(connections === Infinity ? {} : { connections }) }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`Expected ${name} to be a whole number from 1, got ${value}`)
    }
  }
  checkAnswers(answers)
}

async function start(options: SmtpOptions): Promise<SmtpServer> {
  const { maxMessages = 2_000, maxBytes = 25 * 1024 * 1024, auth = false } = options
  const { connections = Infinity } = options
  let { answers = {} } = options
  const file = options.dir === undefined ? undefined : await openMailFile(options.dir, maxMessages)
  const list = new MessageList(file?.messages ?? [], maxMessages)
  const password = randomBytes(18).toString('base64url')
  let accessToken = randomBytes(32).toString('base64url')
  const sockets = new Map<number, Socket>()

  /** Ends when there is something to reply, so never when silence was asked for. */
  async function receive(raw: Buffer, envelope: Envelope, port: number): Promise<void> {
    const message = await parseMessage(raw, envelope, new Date())
    const { kept, ending } = fateOf((await answers.onMessage?.(message)) ?? 'accept')
    if (kept) {
      await file?.append(message)
      list.add(message)
    }
    if (ending === 'accepted') return
    if (ending === 'drop') sockets.get(port)?.destroy()
    await new Promise(() => {})
  }

  const smtp = new SMTPServer({
    name: 'sandbox.localhost',
    banner: 'yuzuru sandbox',
    logger: false,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authOptional: !auth,
    authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'],
    disableReverseLookup: true,
    size: maxBytes,
    maxClients: connections,
    onAuth({ method, username, password: given, accessToken: token }, _session, callback) {
      const isToken = method === 'XOAUTH2'
      const isRight = isToken ? same(token, accessToken) : same(given, password)
      if (same(username, USER) && isRight) callback(null, { user: USER })
      else if (isToken) callback(null, { data: { ...REFUSED_TOKEN } })
      else callback(Object.assign(new Error('Invalid login'), { responseCode: 535 }))
    },
    // Ours is the check of an address: see expectMailbox.
    lenientAddressParsing: true,
    onMailFrom({ address }, _session, callback) {
      callbackify(async () => expectMailbox(address, 'sender'))((error) => callback(error))
    },
    onRcptTo({ address }, _session, callback) {
      callbackify(async () => {
        expectMailbox(address, 'recipient')
        const answer = (await answers.onRecipient?.(address)) ?? 'accept'
        if (answer !== 'accept') throw rejection(answer)
      })((error) => callback(error))
    },
    onData(stream, { envelope: { mailFrom, rcptTo }, remotePort }, callback) {
      const envelope = {
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
      }
      callbackify(async () => {
        const raw = await buffer(stream)
        if (stream.sizeExceeded) throw rejection({ reject: 552, message: 'Message too long' })
        await receive(raw, envelope, remotePort)
      })((error) => callback(error, 'Accepted'))
    },
  })
  // A client that goes away is not an error of the server.
  smtp.on('error', () => {})
  smtp.server.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
  smtp.listen(options.port ?? 0, '127.0.0.1')
  try {
    await once(smtp.server, 'listening')
  } catch (error) {
    await file?.close()
    throw error
  }
  const port = portOf(smtp.server)

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => smtp.close(resolve))
    for (const socket of sockets.values()) socket.destroy()
    await closed
    await file?.close()
  }
  const server: SmtpServer = {
    host: '127.0.0.1',
    port,
    user: USER,
    password,
    url: `smtp://${USER}:${password}@127.0.0.1:${port}`,
    inbox: {
      get messages() {
        return list.messages
      },
      async waitFor(match, wait) {
        const [first] = await list.waitForCount(1, match, wait)
        return first!
      },
      waitForCount: async (count, match, wait) => list.waitForCount(count, match, wait),
      clear: () =>
        doInScope('inbox.clear', async () => {
          list.clear()
          await file?.clear()
        }),
    },
    get accessToken() {
      return accessToken
    },
    renewAccessToken() {
      accessToken = randomBytes(32).toString('base64url')
      return accessToken
    },
    setAnswers(next) {
      checkAnswers(next)
      answers = next
    },
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
  return server
}
