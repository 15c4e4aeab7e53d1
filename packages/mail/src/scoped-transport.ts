import { io, type IoProgress } from '@yuzuru/concurrency'
import type { Closing } from '@yuzuru/concurrency/boundary'
import type { MailMessage as NativeMail, SentMessageInfo, Transport } from 'nodemailer'
import { handedProgress } from './handed-over.ts'
import type { Delivery, Envelope } from './smtp/smtp-session.ts'
import { translateError } from './smtp/translate-error.ts'

/** What stands at the end of the transport: the pool, or the fake. */
export interface Backend {
  deliver(
    mail: {
      readonly envelope: Envelope
      readonly bytes: Buffer
      /** What `bytes` was encoded from. */
      readonly message: NonNullable<NativeMail['message']>
    },
    signal: AbortSignal,
    progress: IoProgress,
  ): Promise<Delivery>
  verify(signal: AbortSignal): Promise<void>
  /** Counts the calls, and ends them and what is behind them. */
  readonly life: Closing
}

/**
 * A nodemailer transport that obeys the scope around the caller, so that native calls
 * (`client.sendMail`) do so too.
 */
export function scopedTransport(name: string, backend: Backend): Transport {
  const send = async (mail: NativeMail): Promise<SentMessageInfo> => {
    const { message } = mail
    if (!message) throw new TypeError('Expected a compiled message, got none')
    const bytes = await message.build()
    const { from, to } = message.getEnvelope()
    const envelope = { from: from || '', to }
    const { signal } = mail.data
    const progress = handedProgress(mail)
    const delivery =
      signal !== undefined && progress !== undefined
        ? await backend.deliver({ envelope, bytes, message }, signal, progress)
        : await io(callOf('send'), { signal }, async (joined, own) => {
            own.sent = false
            using _call = backend.life.enter()
            return await backend.deliver({ envelope, bytes, message }, joined, own)
          })
    const { accepted, rejected, response } = delivery
    return {
      envelope,
      messageId: message.messageId(),
      accepted: [...accepted],
      rejected: [...rejected],
      response,
    }
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

/** How the door names a call of this package. */
export function callOf(operation: 'send' | 'verify'): Parameters<typeof io>[0] {
  return {
    boundary: 'mail',
    operation,
    effect: operation === 'send' ? 'write' : 'read',
    translate: (error, outcome) => translateError(operation, error, outcome),
  }
}

/** Calls a node-style callback, outside the promise's own chain: what the callback throws is its own. */
function settle<T>(promise: Promise<T>, callback: (error: Error | null, value?: T) => void): void {
  promise.then(
    (value) => setImmediate(callback, null, value),
    (error: Error) => setImmediate(callback, error),
  )
}
