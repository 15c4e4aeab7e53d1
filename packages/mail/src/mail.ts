import { io, type IoOptions, type IoProgress } from '@yuzuru/concurrency'
import {
  type CloseOptions,
  type Closing,
  expectOptions,
  IO_OPTIONS,
  orAborted,
} from '@yuzuru/concurrency/boundary'
import type { HandedOver } from './handed-over.ts'
import type { MailMessage } from './message/mail-message.ts'
import { checkedMessage, type MessageDefaults, type NativeMessage } from './message/native-message.ts'
import { asGiven, formsOf, type RejectedRecipient } from './rejected-recipient.ts'
import { callOf } from './scoped-transport.ts'
import { rejectedIn } from './smtp/translate-error.ts'
import { closedFault } from './smtp/smtp-fault.ts'

/** The part of a nodemailer transporter that is used, so that its version need not match ours. */
export interface MailClient {
  sendMail(message: NativeMessage & { readonly signal: AbortSignal }): Promise<{
    readonly accepted?: readonly unknown[] | undefined
    readonly rejected?: readonly unknown[] | undefined
    readonly rejectedErrors?: readonly unknown[] | undefined
    readonly response?: unknown
  }>
  verify(): Promise<unknown>
}

/** A message that a server took. */
export interface SentMail {
  /** `'<id@domain>'` */
  readonly messageId: string
  /** The recipients that the server took, as they were passed in. */
  readonly accepted: readonly string[]
  /** Those that it refused while it took others, and why. If it refuses all, `send` throws. */
  readonly rejected: readonly RejectedRecipient[]
  /** What the server said to the message. */
  readonly response: string
}

/** Sends mail. See `createMail`. */
export interface Mail<Client = MailClient> extends AsyncDisposable {
  /** The native client. What is sent with it obeys the scope around the caller, too, if yuzuru made it. */
  readonly client: Client
  /**
   * Sends a message, and returns once the server took it for at least one recipient.
   *
   * It tries once. With the outcome `'none'` sending again is safe; with `'unknown'` the message may have
   * gone out, and a repeat with the same `idempotencyKey` carries the same Message-ID.
   *
   * @throws {TypeError} unless the message is valid, before anything is sent
   * @throws {MailError} see `MailErrorCode`; `outcome` is `'unknown'` only from the end of DATA on
   * @throws {TimeoutError} when `timeoutMs` has passed; `outcome` as above
   * @throws {Cancelled} when the scope around it is cancelled; `outcome` as above
   * @example
   * const { accepted, rejected } = await mail.send(
   *   { to: 'hanako@example.jp', subject: '確認', text: '花子 様', idempotencyKey: 'verify-7' },
   *   { timeoutMs: 30_000 },
   * )
   */
  send(message: MailMessage, options?: IoOptions): Promise<SentMail>
  /**
   * Connects and logs in, or has a connection that was kept reply. Sends nothing: that the server would
   * take a message is more than it can know.
   *
   * @throws {MailError} when there is no connection, no login or no reply
   */
  verify(options?: IoOptions): Promise<void>
  /**
   * Takes no more calls, lets those that have begun or wait for a connection come to their end, cuts off
   * what is left after `drainMs` (10 s by default), and closes the connections. A second call awaits the
   * first. A client that was passed in is left open.
   *
   * @throws {TypeError} unless `drainMs` is a number of milliseconds from 0 up
   */
  close(options?: CloseOptions): Promise<void>
}

/** What stands behind the verbs. */
export interface MailBackend {
  /**
   * Waits for the right to send. Only of a client that is ours, which ends what it does, and says how far
   * it came, by itself.
   */
  readonly admit: (() => Promise<Disposable>) | undefined
  readonly verify: (signal: AbortSignal) => Promise<void>
  readonly life: Closing
}

/** The verbs over a native client. */
export function mailOver<Client extends MailClient>(
  client: Client,
  defaults: MessageDefaults,
  { admit, verify, life }: MailBackend,
): Mail<Client> {
  const handOver = async (
    native: NativeMessage,
    signal: AbortSignal,
    progress: IoProgress,
  ): ReturnType<MailClient['sendMail']> => {
    if (admit !== undefined) {
      using turn = await admit()
      const handed: HandedOver = { yuzuru: { progress, turn } }
      return await client.sendMail({ ...native, signal, ...handed })
    }
    progress.sent = true
    return await untilCut(signal, life, (joined) => client.sendMail({ ...native, signal: joined }))
  }
  return {
    client,
    async send(message, options) {
      expectOptions(options, IO_OPTIONS, 'mail.send')
      const { native, given } = checkedMessage(message, defaults)
      return await io(callOf('send', given), options, async (signal, progress) => {
        progress.sent = false
        using _call = life.enter()
        const info = await handOver(native, signal, progress)
        return {
          messageId: native.messageId,
          accepted: (info.accepted ?? []).flatMap((address) => formsOf(String(address), given)),
          rejected: asGiven(rejectedIn(info), given),
          response: typeof info.response === 'string' ? info.response : '',
        }
      })
    },
    async verify(options) {
      expectOptions(options, IO_OPTIONS, 'mail.verify')
      await io(callOf('verify'), options, async (signal) => {
        using _call = life.enter()
        await (admit === undefined ? untilCut(signal, life, verify) : verify(signal))
      })
    },
    close: (options) => life.close(options),
    [Symbol.asyncDispose]: () => life.close(),
  }
}

/**
 * Waits for a client that may know nothing of our signal: until it fires, or `close` cuts off what is
 * left. nodemailer's SMTP transports end at once then; of others nothing more is known than that nobody
 * waits for them any longer.
 */
async function untilCut<T>(
  signal: AbortSignal,
  life: Closing,
  fn: (joined: AbortSignal) => Promise<T>,
): Promise<T> {
  const joined = AbortSignal.any([signal, life.signal])
  try {
    return await orAborted(fn(joined), joined)
  } catch (error) {
    throw life.signal.aborted && error === life.signal.reason ? closedFault() : error
  }
}
