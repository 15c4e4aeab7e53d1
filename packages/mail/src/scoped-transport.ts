import { io, type IoProgress } from '@yuzuru/concurrency'
import type { MailMessage as NativeMail, SentMessageInfo, Transport } from 'nodemailer'
import { passedProgress } from './known-progress.ts'
import type { Delivery, Envelope } from './smtp-session.ts'
import { translateError } from './translate-error.ts'

/** What is at the end of the transport: the pool, or the fake. */
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
  close(): Promise<void>
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
    const progress = passedProgress(signal)
    const delivery =
      signal !== undefined && progress !== undefined
        ? await backend.deliver({ envelope, bytes, message }, signal, progress)
        : await io(callOf('send'), { signal }, (joined, own) =>
            backend.deliver({ envelope, bytes, message }, joined, own),
          )
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
        io(callOf('verify'), {}, (signal) => backend.verify(signal)).then(() => true as const),
        callback,
      ),
    close: () => void backend.close(),
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

/** Tells a node-style callback. Outside the promise's own chain: what it throws is its own. */
function settle<T>(promise: Promise<T>, callback: (error: Error | null, value?: T) => void): void {
  promise.then(
    (value) => setImmediate(callback, null, value),
    (error: Error) => setImmediate(callback, error),
  )
}
