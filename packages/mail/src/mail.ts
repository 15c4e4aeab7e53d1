import { io, type IoOptions, type IoProgress } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { passProgress } from './known-progress.ts'
import type { MailMessage } from './mail-message.ts'
import { type MessageDefaults, type NativeMessage, nativeMessage } from './native-message.ts'
import { callOf } from './scoped-transport.ts'
import { closedFault } from './smtp-fault.ts'

/** What is used of a nodemailer transporter, so that its version need not match ours. */
export interface MailClient {
  sendMail(message: NativeMessage & { readonly signal: AbortSignal }): Promise<{
    readonly accepted?: readonly unknown[] | undefined
    readonly rejected?: readonly unknown[] | undefined
    readonly response?: unknown
  }>
  verify(): Promise<unknown>
}

/** A mail that a server took. */
export interface SentMail {
  /** `'<id@domain>'` */
  readonly messageId: string
  /** The recipients that the server took. */
  readonly accepted: readonly string[]
  /** Those it refused, while it took others. If it refuses all, `send` throws instead. */
  readonly rejected: readonly string[]
  /** What the server said to the message. */
  readonly response: string
}

/** Sends mail. See `createMail`. */
export interface Mail<Client = MailClient> extends AsyncDisposable {
  /** The native client; what is sent with it obeys the scope too if yuzuru made it. */
  readonly client: Client
  /**
   * Sends a message and returns once the server took it for at least one recipient.
   *
   * @throws {TypeError} on a message that is none, before anything is sent
   * @throws {MailError} see `MailErrorCode`; `outcome` is `'unknown'` only from the end of DATA on
   */
  send(message: MailMessage, options?: IoOptions): Promise<SentMail>
  /**
   * Connects, logs in, and asks the server for a reply.
   *
   * @throws {MailError} when that does not work
   */
  verify(options?: IoOptions): Promise<void>
  /** Waits for what was begun, then closes what yuzuru opened. Never closes a client passed in. */
  close(): Promise<void>
}

/** What stands behind the verbs. */
export interface MailBackend {
  /** Whether the client is ours, so that it ends what it does, and tells how far it came, by itself. */
  readonly owned: boolean
  verify(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The verbs over a native client. */
export function mailOver<Client extends MailClient>(
  client: Client,
  defaults: MessageDefaults,
  backend: MailBackend,
): Mail<Client> {
  let closed = false
  const close = async (): Promise<void> => {
    closed = true
    await backend.close()
  }
  const expectOpen = (progress: IoProgress): void => {
    progress.sent = false
    if (closed) throw closedFault()
  }
  return {
    client,
    async send(message, options) {
      expectOptions(options, IO_OPTIONS, 'mail.send')
      const native = nativeMessage(message, defaults)
      return await io(callOf('send'), options, async (signal, progress) => {
        expectOpen(progress)
        progress.sent = !backend.owned
        passProgress(signal, progress)
        const sending = client.sendMail({ ...native, signal })
        const info = await (backend.owned ? sending : orAborted(sending, signal))
        return {
          messageId: native.messageId,
          accepted: (info.accepted ?? []).map(String),
          rejected: (info.rejected ?? []).map(String),
          response: typeof info.response === 'string' ? info.response : '',
        }
      })
    },
    async verify(options) {
      expectOptions(options, IO_OPTIONS, 'mail.verify')
      await io(callOf('verify'), options, async (signal, progress) => {
        expectOpen(progress)
        await backend.verify(signal)
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Waits for a client that may not know our signal. nodemailer's SMTP transports end at once when it fires;
 * of others nothing more is known than that nobody waits for them any longer.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    if (signal.aborted) abort()
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
