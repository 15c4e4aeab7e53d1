import { io, type IoOptions, type IoProgress, type Outcome, outcomeOf } from '@yuzuru/concurrency'
import {
  type CloseOptions,
  type Closing,
  expectOptions,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { Permit } from '@yuzuru/concurrency/sync'
import type { HandedOver } from './handed-over.ts'
import type { MailMessage } from './message/mail-message.ts'
import {
  type CheckedMessage,
  checkedMessage,
  type MessageDefaults,
  type NativeMessage,
  nativeMessage,
  recipientsOf,
} from './message/native-message.ts'
import { readAttachments } from './message/read-attachments.ts'
import { asGiven, formsOf } from './smtp/rejected-recipient.ts'
import type { Retrying } from './sending/retrying.ts'
import { sendMany, type SendingMany, type SendManyOptions } from './sending/send-many.ts'
import type { SentMail } from './sending/sent-mail.ts'
import { callOf } from './scoped-transport.ts'
import { SendCall } from './send-call.ts'
import { untilCut } from './until-cut.ts'
import { rejectedIn } from './smtp/translate-error.ts'

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

/** A message that `close` cut off. */
export interface UnsentMail {
  /** `'<id@domain>'`; that of a key is always the same. */
  readonly messageId: string
  /** Whether it may have gone out all the same. */
  readonly outcome: Outcome
}

/** What {@link Mail.close} gives. */
export interface ClosedMail {
  /** What was not sent for sure; empty when all came to its end in time. */
  readonly unsent: readonly UnsentMail[]
}

/** Sends mail. See `createMail`. */
export interface Mail<Client = MailClient> extends AsyncDisposable {
  /** The name of this boundary in errors, traces and probes. */
  readonly boundary: 'mail'
  /** The native client. What is sent with it obeys the scope around the caller, too, if yuzuru made it. */
  readonly client: Client
  /**
   * Sends a message, and returns once the server took it for at least one recipient.
   *
   * It tries once, or as `retry` says. With the outcome `'none'` sending again is safe; with `'unknown'`
   * the message may have gone out, and a repeat with the same `idempotencyKey` carries the same Message-ID.
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
   * Sends many messages, a bounded number at once, and gives the results as they come. It takes from the
   * source only what there is room for, so that millions of rows do not fill the memory, and a loop that
   * is slow holds it back. A message that fails, or that is not valid, is a result and ends nothing.
   *
   * When the loop ends early, nothing more is taken, and what is under way comes to its end within
   * `drainMs`. When a scope around it is cancelled, what is under way is cut.
   *
   * @throws {TypeError} unless the source and the options are valid
   * @throws {Cancelled} from the loop, when a scope around it is cancelled
   * @throws {MailError} `'closed'` from the loop, when the client is closed meanwhile
   * @example
   * for await (const { message, status } of mail.sendMany(messagesOf(rows))) {
   *   if (status === 'rejected') report(message.to)
   * }
   */
  sendMany(
    messages: Iterable<MailMessage> | AsyncIterable<MailMessage>,
    options?: SendManyOptions,
  ): SendingMany
  /**
   * Checks that the server can be reached: connects and logs in, or asks for a reply over a connection that is
   * open. It sends no message, so it cannot know whether the server would take one. With `readiness` of
   * `@yuzuru/server` the probe asks it.
   *
   * @throws {MailError} when there is no connection, no login or no reply
   * @example
   * await mail.health({ timeoutMs: 5_000 })
   */
  health(options?: IoOptions): Promise<void>
  /**
   * Takes no more calls, lets those that have begun or wait for a connection come to their end, cuts off
   * what is left after `drainMs` (10 s by default), and closes the connections. A second call awaits the
   * first. A client that was passed in is left open.
   *
   * @returns each message of `send` that was cut off, by its Message-ID; those of the native client are not known
   *
   * @throws {TypeError} unless `drainMs` is a number of milliseconds from 0 up
   */
  close(options?: CloseOptions): Promise<ClosedMail>
}

/** What stands behind the verbs. */
export interface MailBackend {
  /**
   * Waits for the right to send. Only of a client that is ours, which ends what it does, and says how far
   * it came, by itself.
   */
  readonly admit: (() => Promise<Disposable>) | undefined
  /**
   * Sends a message that needs nothing of the native client: most. Only with `admit`, whose `turn` it takes.
   *
   * @returns nothing for a message that needs it
   */
  readonly sendPlain?: (
    checked: CheckedMessage,
    signal: AbortSignal,
    progress: IoProgress,
    turn: Disposable,
  ) => ReturnType<MailClient['sendMail']> | undefined
  readonly verify: (signal: AbortSignal) => Promise<void>
  readonly life: Closing
  /** Tries again; none: once is all. */
  readonly retrying: Retrying | undefined
  /** How large a message may be: no more of its attachments is read. */
  readonly maxBytes: number
  /** How many messages may be under way for each of many to have its connection soon. */
  readonly concurrency: number
}

/** The verbs over a native client. */
export function mailOver<Client extends MailClient>(
  client: Client,
  defaults: MessageDefaults,
  { admit, sendPlain, verify, life, retrying, maxBytes, concurrency }: MailBackend,
): Mail<Client> {
  const written = async (checked: CheckedMessage, signal: AbortSignal): Promise<NativeMessage> => {
    return nativeMessage(
      checked,
      await readAttachments(checked.attachments ?? [], maxBytes, signal),
    )
  }
  const unsent: UnsentMail[] = []
  /** Names a message that `close` cut off: under way, in the queue, or before a further try. */
  const note = ({ messageId }: CheckedMessage, outcome: Outcome): void => {
    if (life.signal.aborted) unsent.push({ messageId, outcome })
  }
  const deliverWith = async (
    turn: Disposable,
    checked: CheckedMessage,
    signal: AbortSignal,
    progress: IoProgress,
  ): Promise<SentMail> => {
    using _turn = turn
    const sending = sendPlain?.(checked, signal, progress, turn)
    if (sending !== undefined) return sentMail(checked, await sending)
    const handed: HandedOver = { yuzuru: { progress, turn } }
    const native = await written(checked, signal)
    return sentMail(checked, await client.sendMail({ ...native, signal, ...handed }))
  }
  const deliverByClient = async (
    checked: CheckedMessage,
    signal: AbortSignal,
    progress: IoProgress,
  ): Promise<SentMail> => {
    const native = await written(checked, signal)
    progress.sent = true
    const send = (joined: AbortSignal): ReturnType<MailClient['sendMail']> =>
      client.sendMail({ ...native, signal: joined })
    return sentMail(checked, await untilCut(signal, life, send))
  }
  const deliverOnce = async (
    checked: CheckedMessage,
    signal: AbortSignal,
    progress: IoProgress,
  ): Promise<SentMail> => {
    progress.sent = false
    if (admit === undefined) return await deliverByClient(checked, signal, progress)
    return await deliverWith(await admit(), checked, signal, progress)
  }
  /** Gives a call of `send` back when it has ended, and names its message where it was cut off. */
  const endOf = async (
    sending: Promise<SentMail>,
    call: Permit,
    checked: CheckedMessage,
    progress: IoProgress,
  ): Promise<SentMail> => {
    using _call = call
    try {
      return await sending
    } catch (error) {
      note(checked, progress.sent ? 'unknown' : 'none')
      throw error
    }
  }
  /** Not async, with one `then` and what that holds: very many may wait in it. */
  const sendOnce = (checked: CheckedMessage, options: IoOptions | undefined): Promise<SentMail> =>
    io(new SendCall(checked), options, (signal, progress) => {
      progress.sent = false
      const call = life.enter()
      if (admit === undefined) {
        return endOf(deliverByClient(checked, signal, progress), call, checked, progress)
      }
      return admit().then(
        (turn) => endOf(deliverWith(turn, checked, signal, progress), call, checked, progress),
        (error: unknown) => endOf(Promise.reject(error), call, checked, progress),
      )
    })
  const sendAgain = (
    checked: CheckedMessage,
    options: IoOptions | undefined,
    again: Retrying,
  ): Promise<SentMail> => {
    const recipients = recipientsOf(checked)
    const call = new SendCall(checked)
    // What the attempts did, they have told.
    return io({ ...callOf('send'), translate: 'none' }, options, async (_signal, whole) => {
      whole.sent = false
      using _call = enter(life, call)
      try {
        return await again.run(() =>
          io(callOf('attempt', recipients), {}, (signal, progress) =>
            deliverOnce(checked, signal, progress),
          ),
        )
      } catch (error) {
        note(checked, outcomeOf(error) ?? 'none')
        throw error
      }
    })
  }
  const mail: Mail<Client> = {
    boundary: 'mail',
    client,
    // Not async: what waits here is worth its memory.
    send(message, options) {
      try {
        expectOptions(options, IO_OPTIONS, 'mail.send')
        const checked = checkedMessage(message, defaults)
        return retrying === undefined
          ? sendOnce(checked, options)
          : sendAgain(checked, options, retrying)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    sendMany: (messages, options) =>
      sendMany((message, each) => mail.send(message, each), concurrency, messages, options),
    async health(options) {
      expectOptions(options, IO_OPTIONS, 'mail.health')
      await io(callOf('health'), options, async (signal) => {
        using _call = life.enter()
        await (admit === undefined ? untilCut(signal, life, verify) : verify(signal))
      })
    },
    async close(options) {
      await life.close(options)
      return { unsent }
    },
    [Symbol.asyncDispose]: () => life.close(),
  }
  return mail
}

function sentMail(
  checked: CheckedMessage,
  info: Awaited<ReturnType<MailClient['sendMail']>>,
): SentMail {
  const recipients = recipientsOf(checked)
  return {
    messageId: checked.messageId,
    accepted: (info.accepted ?? []).flatMap((address) => formsOf(String(address), recipients)),
    rejected: asGiven(rejectedIn(info), recipients),
    response: typeof info.response === 'string' ? info.response : '',
  }
}

/** Counts a call in whose own `io` does not translate. */
function enter(life: Closing, call: SendCall): Permit {
  try {
    return life.enter()
  } catch (error) {
    throw call.translate(error, 'none')
  }
}
