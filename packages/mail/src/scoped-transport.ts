import { io, type IoProgress } from '@yuzuru/concurrency'
import type { Closing } from '@yuzuru/concurrency/boundary'
import type { MailMessage as NativeMail, SentMessageInfo, Transport } from 'nodemailer'
import { handedOver } from './handed-over.ts'
import type { Sign } from './message/dkim.ts'
import type { NativeDsn } from './message/delivery-options.ts'
import type { MimeTree } from './message/mime-tree.ts'
import type { Mailbox } from './message/mail-address.ts'
import { redirectedBytes } from './message/redirected-bytes.ts'
import { type ReadableParts, readableParts } from './message/readable-parts.ts'
import { writeMessage } from './message/write-message.ts'
import type { GivenRecipient } from './message/given-recipient.ts'
import type { Delivery, Envelope } from './smtp/delivery.ts'
import { translateError } from './smtp/translate-error.ts'

/** A message on its way to the server. */
interface OutgoingMail {
  readonly envelope: Envelope
  /** Writes it, once. */
  readonly bytes: () => Promise<Buffer>
  /** What a person reads of it; after `bytes`. */
  readonly readable: () => ReadableParts
}

/** What stands at the end of the transport: the pool, or the fake. */
export interface Backend {
  /** Waits for the right to send a message, which is only made and written then. */
  admit(): Promise<Disposable>
  /** @param turn what {@link admit} gave */
  deliver(
    mail: OutgoingMail,
    signal: AbortSignal,
    progress: IoProgress,
    turn: Disposable,
  ): Promise<Delivery>
  verify(signal: AbortSignal): Promise<void>
  /** Counts the calls, and ends them and what is behind them. */
  readonly life: Closing
}

/** What happens to every message. */
export interface TransportOptions {
  readonly sign?: Sign | undefined
  /** Who gets it instead of its recipients. */
  readonly redirectTo?: Mailbox | undefined
}

interface NativeEnvelope {
  readonly from: string | false
  readonly to: string[]
  readonly dsn?: NativeDsn
}

/**
 * A nodemailer transport that obeys the scope around the caller, so that native calls
 * (`client.sendMail`) do so too.
 */
export function scopedTransport(
  name: string,
  backend: Backend,
  { sign, redirectTo }: TransportOptions = {},
): Transport {
  const send = async (mail: NativeMail): Promise<SentMessageInfo> => {
    const { message } = mail
    if (!message) throw new TypeError('Expected a compiled message, got none')
    const { from, to, dsn } = message.getEnvelope() as NativeEnvelope
    const { signal } = mail.data
    const handed = handedOver(mail)
    // Our own verbs have written so already.
    const isRedirected = redirectTo !== undefined && handed === undefined
    const finish: Sign | undefined = isRedirected
      ? async (bytes) => {
          const redirected = redirectedBytes(bytes, redirectTo, to)
          return sign === undefined ? redirected : await sign(redirected)
        }
      : sign
    let written: Promise<Buffer> | undefined
    const outgoing: OutgoingMail = {
      envelope: {
        from: from || '',
        to: redirectTo === undefined ? to : [redirectTo.address],
        ...(dsn && { dsn }),
      },
      bytes: () => (written ??= writeMessage(message as unknown as MimeTree, finish)),
      readable: () => readableParts(message),
    }
    const delivery =
      signal !== undefined && handed !== undefined
        ? await backend.deliver(outgoing, signal, handed.progress, handed.turn)
        : await io(callOf('send'), { signal }, async (joined, own) => {
            own.sent = false
            using _call = backend.life.enter()
            using turn = await backend.admit()
            return await backend.deliver(outgoing, joined, own, turn)
          })
    return {
      envelope: outgoing.envelope,
      messageId: message.messageId(),
      ...sentInfo(delivery),
    } as SentMessageInfo
  }
  return {
    name,
    version: '1',
    supportsAbortSignal: true,
    send: (mail, callback: (error: Error | null, info?: SentMessageInfo) => void) =>
      settle(send(mail), callback),
    verify: (callback: (error: Error | null, value?: true) => void) =>
      settle(
        io(callOf('verify'), {}, async (signal) => {
          using _call = backend.life.enter()
          await backend.verify(signal)
          return true as const
        }),
        callback,
      ),
    close: () => void backend.life.close(),
  }
}

/** What the server said, in nodemailer's terms. */
export function sentInfo({ accepted, rejected, response }: Delivery): {
  readonly accepted: string[]
  readonly rejected: string[]
  readonly rejectedErrors?: Error[]
  readonly response: string
} {
  const rejectedErrors = rejected.map(({ address: recipient, response: reply }) =>
    Object.assign(new Error('Recipient command failed'), { recipient, response: reply }),
  )
  return {
    accepted: [...accepted],
    rejected: rejected.map(({ address }) => address),
    ...(rejectedErrors.length > 0 ? { rejectedErrors } : {}),
    response,
  }
}

/** How the door names a call of this package. */
export function callOf(
  operation: 'send' | 'verify' | 'health' | 'attempt',
  given?: readonly GivenRecipient[],
): Parameters<typeof io>[0] {
  return {
    boundary: 'mail',
    operation,
    effect: operation === 'verify' || operation === 'health' ? 'read' : 'write',
    translate: (error, outcome) =>
      translateError(operation === 'attempt' ? 'send' : operation, error, outcome, given),
  }
}

/** Calls a node-style callback, outside the promise's own chain: what the callback throws is its own. */
function settle<T>(promise: Promise<T>, callback: (error: Error | null, value?: T) => void): void {
  promise.then(
    (value) => setImmediate(callback, null, value),
    (error: Error) => setImmediate(callback, error),
  )
}
