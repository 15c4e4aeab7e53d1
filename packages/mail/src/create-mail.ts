import {
  type Closing,
  closing,
  expected,
  expectOptions,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import { createTransport, type Transporter } from 'nodemailer'
import { deliver } from './deliver.ts'
import { type Mail, type MailClient, mailOver } from './mail.ts'
import { type MailAddress, parseMailbox } from './message/mail-address.ts'
import type { MessageDefaults } from './message/native-message.ts'
import { type DkimKey, type Sign, signing } from './message/dkim.ts'
import { StableDates } from './message/stable-dates.ts'
import { plainSending } from './plain-sending.ts'
import { type Backend, scopedTransport } from './scoped-transport.ts'
import { NamedFolder } from './named-folder.ts'
import { Failover } from './sending/failover.ts'
import { type MailRetry, Retrying } from './sending/retrying.ts'
import { closedFault } from './smtp/smtp-fault.ts'
import {
  SMTP_OPTIONS,
  type SmtpConfig,
  smtpConfig,
  type SmtpOptions,
  USUAL_MAX_BYTES,
} from './smtp/smtp-options.ts'
import { SmtpPool } from './smtp/smtp-pool.ts'
import { serverOf, type SmtpUrlOptions } from './smtp/smtp-url.ts'

/** What every mail client needs to know. */
export interface SenderOptions {
  /** The sender of each message that does not name one itself. */
  readonly from: MailAddress
  /** The right side of Message-IDs. Must stay the same for `idempotencyKey` to work. @default that of `from` */
  readonly domain?: string | undefined
  /**
   * The only folder that attachments by `path` are read from. Neither `..` nor a symbolic link in it leads
   * out of it. @default none: no files are read
   */
  readonly attachmentFolder?: string | undefined
  /**
   * For a stage that must not write to people: everything goes to this address, whoever it is for, and whether
   * it is sent by our verbs or by the native client. The headers name it alone, and have no Reply-To;
   * who it was for is in `X-Original-To`. Results and errors name the recipients as they were passed in. @default nobody
   */
  readonly redirectTo?: MailAddress | undefined
  /** Tries a send again where that is safe. @default once is all */
  readonly retry?: MailRetry | undefined
}

/** What a client with connections of its own needs to know beside its server. */
export interface OwnConnectionOptions extends SenderOptions {
  readonly client?: undefined
  /**
   * Further servers, in order: one is tried when those before it have no connection, no login, no room or
   * no answer, or say 4xx; never after the message may have gone out. Each has its own connections. A
   * server that fails three times in a row is passed over for 30 s. @default none
   */
  readonly failover?: readonly (SmtpOptions | SmtpUrlOptions)[] | undefined
  /** Signs every message, one or more times. @default none: the server does it */
  readonly dkim?: DkimKey | readonly DkimKey[] | undefined
}

/** For {@link createMail}: a server to connect to. */
export interface SmtpMailOptions extends OwnConnectionOptions, SmtpOptions {
  readonly url?: undefined
}

/** For {@link createMail}: a server to connect to, by its address. */
export interface SmtpUrlMailOptions extends OwnConnectionOptions, SmtpUrlOptions {}

/** For {@link createMail}: a nodemailer transporter of your own, never closed by yuzuru. */
export interface ClientMailOptions<Client extends MailClient> extends SenderOptions {
  readonly client: Client
  readonly host?: undefined
  readonly url?: undefined
}

/**
 * Makes a mail client: over a bounded pool of SMTP connections, or over a nodemailer transporter of your
 * own. It connects when the first message is sent; close it when you are done.
 *
 * With a transporter of your own, limits, TLS and pooling are up to it, and a failure after the call's
 * start has the outcome `'unknown'` unless the error itself shows that nothing was taken.
 *
 * Do not send within a request that a person waits for: a server may take minutes. Send from a job.
 *
 * @throws {TypeError} when an option is unknown or out of its range; it names a misspelt one
 * @example
 * await using mail = createMail({
 *   url: process.env['SMTP_URL'] ?? '', // smtp://user:password@smtp.example.jp:587
 *   from: 'けいかくん <no-reply@example.jp>',
 * })
 * await mail.send({ to: 'hanako@example.jp', subject: 'こんにちは', text: '…', idempotencyKey: 'greet-7' })
 */
export function createMail(options: SmtpMailOptions | SmtpUrlMailOptions): Mail<Transporter>
export function createMail<Client extends MailClient>(
  options: ClientMailOptions<Client>,
): Mail<Client>
export function createMail(
  options: SmtpMailOptions | SmtpUrlMailOptions | ClientMailOptions<MailClient>,
): Mail {
  for (const name of ['host', 'url'] as const) {
    if (options?.client !== undefined && options[name] !== undefined) {
      throw new TypeError(`Expected client or ${name}, got both`)
    }
  }
  if (options?.client === undefined) return mailOverSmtp(options)
  expectOptions(options, CLIENT_MAIL_OPTIONS, 'createMail')
  const { client } = options
  if (typeof client.sendMail !== 'function' || typeof client.verify !== 'function') {
    throw expected('client to be a nodemailer transporter', client)
  }
  const life = lifeOf({})
  return mailOver(client, defaultsOf(options), {
    admit: undefined,
    verify: async () => void (await client.verify()),
    life,
    retrying: retryingOf(options, life),
    maxBytes: USUAL_MAX_BYTES,
    concurrency: USUAL_CONCURRENCY,
  })
}

const CLIENT_MAIL_OPTIONS = Object.keys({
  client: true,
  host: true,
  url: true,
  from: true,
  domain: true,
  attachmentFolder: true,
  redirectTo: true,
  retry: true,
} satisfies Record<keyof ClientMailOptions<MailClient>, true>)

const SMTP_MAIL_OPTIONS = Object.keys({
  ...SMTP_OPTIONS,
  url: true,
  client: true,
  dkim: true,
  failover: true,
  from: true,
  domain: true,
  attachmentFolder: true,
  redirectTo: true,
  retry: true,
} satisfies Record<keyof SmtpMailOptions, true>)

interface BackendOptions {
  readonly concurrency?: number
  readonly maxBytes?: number
  readonly sign?: Sign | undefined
}

/** The verbs, and a native client, over something that delivers. */
export function mailOverBackend(
  name: string,
  options: SenderOptions,
  backend: Backend,
  { concurrency = USUAL_CONCURRENCY, maxBytes = USUAL_MAX_BYTES, sign }: BackendOptions = {},
): Mail<Transporter> {
  const defaults = defaultsOf(options)
  const { redirectTo } = defaults
  const client = createTransport(scopedTransport(name, backend, { sign, redirectTo }))
  return mailOver(client, defaults, {
    admit: () => backend.admit(),
    sendPlain: plainSending(client, backend, sign),
    verify: (signal) => backend.verify(signal),
    life: backend.life,
    retrying: retryingOf(options, backend.life),
    maxBytes,
    concurrency,
  })
}

/** The life of a client: counts its calls, then ends what is behind them. */
export function lifeOf(ends: {
  readonly cut?: () => Promise<void>
  readonly end?: () => Promise<void>
}): Closing {
  return closing({ name: 'mail', refuse: closedFault, cut: ends.cut, end: () => ends.end?.() })
}

function mailOverSmtp(options: SmtpMailOptions | SmtpUrlMailOptions): Mail<Transporter> {
  if (options === undefined) throw expected('the options of createMail to be an object', options)
  expectOptions(options, SMTP_MAIL_OPTIONS, 'createMail')
  const { failover = [], dkim } = options
  if (!Array.isArray(failover)) throw expected('failover to be a list of servers', failover)
  const first = smtpConfig(serverOf(options))
  const others = failover.map((server: SmtpOptions | SmtpUrlOptions) => {
    expectRequiredOptions(server, ['url', ...Object.keys(SMTP_OPTIONS)], 'createMail.failover')
    return smtpConfig(serverOf(server))
  })
  const pools = [first, ...others].map((config) => ({ pool: new SmtpPool(config), config }))
  const life = lifeOf({
    cut: async () => void (await Promise.all(pools.map(({ pool }) => pool.cut()))),
    end: async () => void (await Promise.all(pools.map(({ pool }) => pool.end()))),
  })
  const backends = pools.map(({ pool, config }) => backendOver(pool, config))
  const [only] = backends
  const backend =
    backends.length === 1 && only !== undefined ? { ...only, life } : new Failover(backends, life)
  return mailOverBackend('yuzuru-smtp', options, backend, {
    concurrency: first.connections * 2,
    maxBytes: first.maxBytes,
    sign: dkim === undefined ? undefined : signing(dkim),
  })
}

function backendOver(pool: SmtpPool, { maxBytes }: SmtpConfig): Omit<Backend, 'life'> {
  return {
    admit: () => pool.admit(),
    deliver: async ({ envelope, bytes }, signal, progress) =>
      deliver(pool, { envelope, bytes: await bytes(), maxBytes }, signal, progress),
    verify: async (signal) => {
      using _turn = await pool.admit()
      await pool.verify(signal)
    },
  }
}

/** How many messages of many are under way at once, where nobody says how many connections there are. */
const USUAL_CONCURRENCY = 10

function retryingOf({ retry }: SenderOptions, life: Closing): Retrying | undefined {
  return retry === undefined ? undefined : new Retrying(retry, life)
}

/** How errors name it. */
const ATTACHMENT_FOLDER = { folder: 'attachmentFolder', file: 'path of an attachment' } as const

function defaultsOf(options: SenderOptions): MessageDefaults {
  const { from, domain, attachmentFolder } = options
  const redirectTo =
    options.redirectTo === undefined ? undefined : parseMailbox('redirectTo', options.redirectTo)
  const mailbox = parseMailbox('from', from)
  const own = mailbox.address.slice(mailbox.address.lastIndexOf('@') + 1)
  const dates = new StableDates()
  const folder =
    attachmentFolder === undefined
      ? undefined
      : new NamedFolder(attachmentFolder, ATTACHMENT_FOLDER)
  if (domain === undefined) return { from: mailbox, domain: own, dates, folder, redirectTo }
  // What a mail address takes as its domain, a Message-ID takes too.
  const { address } = parseMailbox('domain', typeof domain === 'string' ? `id@${domain}` : '')
  return { from: mailbox, domain: address.slice('id@'.length), dates, folder, redirectTo }
}
