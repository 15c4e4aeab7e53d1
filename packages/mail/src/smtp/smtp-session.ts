import { isAscii } from 'node:buffer'
import { detached, moveOnAfter } from '@yuzuru/concurrency'
import type { SMTPConnectionOptions } from 'nodemailer'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import {
  type Delivery,
  type Envelope,
  hideSecrets,
  type NativeDelivery,
  shownDelivery,
} from './delivery.ts'
import { MessageBytes } from './message-bytes.ts'
import { isRefusal, lateFault, unlawfulFault } from './native-fault.ts'
import { replaceDataStream } from './data-stream.ts'
import { ReplyWatch } from './reply-watch.ts'
import type { SessionLimits } from './smtp-options.ts'
import type { NativeLogin, SmtpLogin } from './smtp-login.ts'
import { SmtpFault, type SmtpStep } from './smtp-fault.ts'
import { codeOf, type ReplyRedaction } from './smtp-reply.ts'
import { VerbClock } from './verb-clock.ts'

/** RSET costs a server nothing; one that is slower than this is replaced by a new connection. */
const RESET_TIMEOUT_MS = 5_000

type Done<T> = (error: Error | null | undefined, value: T) => void

/**
 * One connection to the server: nodemailer's `SMTPConnection` with promises, where an abort destroys the
 * socket at once and rejects only when it is gone. One step at a time.
 */
export class SmtpSession {
  readonly #native: SMTPConnection
  readonly #server: string
  readonly #replies: ReplyRedaction
  readonly #limits: SessionLimits
  readonly #watch: ReplyWatch
  #clock: VerbClock | undefined
  /** The one that is being sent. */
  #message: MessageBytes | undefined
  readonly #over = Promise.withResolvers<void>()
  /**
   * What the server waits for. Only a step that has ended well, or was refused cleanly, leaves anything
   * but `'unknown'`; so a session whose step was never begun, or cut off, is never taken for a usable one.
   */
  #awaits: 'connect' | 'message' | 'reset' | 'unknown' = 'connect'
  #fail: ((error: unknown) => void) | undefined = undefined
  /** Why it broke off while no step was going on. */
  #broken: unknown = undefined
  #destroyed = false
  /** Messages that were tried over it. */
  messages = 0
  /** Whether it has ever been logged in. */
  wasOpen = false

  constructor(options: SMTPConnectionOptions, limits: SessionLimits, replies: ReplyRedaction) {
    this.#limits = limits
    this.#server = `${options.host}:${options.port}`
    this.#native = detached(() => new SMTPConnection(options))
    this.#replies = replies
    this.#watch = new ReplyWatch(this.#native, {
      onUnlawful: (what) => this.#break(what),
      onStep: () => this.#clock?.next(),
    })
    replaceDataStream(this.#native, (socket) => this.#message?.begin(socket))
    this.#native.on('error', (error: unknown) => {
      this.#broken = error
      this.#fail?.(error)
    })
    this.#native.once('end', () => {
      this.#over.resolve()
      // nodemailer hands a step its error just after this event.
      setImmediate(() => {
        if (this.#destroyed) return
        this.#fail?.(Object.assign(new Error('Connection ended'), { code: 'ECONNECTION' }))
      })
    })
  }

  get alive(): boolean {
    return !this.#native.destroyed
  }

  /** Whether the server has said more than it was asked, so that nobody knows what it answers next. */
  get isOutOfStep(): boolean {
    return this.#watch.hasMore
  }

  /** Whether it can carry another message. */
  get reusable(): boolean {
    return this.alive && (this.#awaits === 'message' || this.#awaits === 'reset')
  }

  /** Settles when it is over, for whatever reason. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Connects and, with `login`, logs in. */
  async open(login: SmtpLogin | undefined, signal: AbortSignal): Promise<void> {
    await this.#step<void>('connect', signal, (done) => {
      // In no scope: the socket's listeners outlive the send that opened it.
      detached(() => this.#native.connect((error) => done(error)))
    })
    const tryLogin = (native: NativeLogin): Promise<unknown> =>
      this.#step<unknown>('login', signal, (done) => this.#native.login(native, done))
    await login?.run(tryLogin, this.over)
    this.#awaits = 'message'
    this.wasOpen = true
  }

  /** Has the server forget a message that it refused half-way, if there is one. */
  async clear(): Promise<void> {
    if (this.#awaits === 'reset') await this.reset()
  }

  /** Has the server reply to RSET: then it is there, and holds no part of an earlier message. */
  async reset(): Promise<void> {
    const answered = await moveOnAfter(RESET_TIMEOUT_MS, ({ signal }) =>
      this.#step<unknown>('reset', signal, (done) => this.#native.reset(done)),
    )
    if (answered.expired) throw this.#fault('reset', lateFault())
    this.#awaits = 'message'
  }

  /** @param onEnd called just before the end of DATA can leave */
  async send(
    envelope: Envelope,
    bytes: Buffer,
    signal: AbortSignal,
    onEnd: () => void,
  ): Promise<Delivery> {
    this.messages += 1
    const { from, to, dsn } = envelope
    const use8BitMime = !isAscii(bytes)
    if (use8BitMime) this.#expect8BitMime()
    const message = new MessageBytes(bytes, {
      mayBegin: () => this.#expectAsked(),
      onPart: () => this.#clock?.next(),
      // What it says before the end is the answer: the end would only be taken for a command.
      mayEnd: () => !this.#watch.hasSaid,
      onEnd,
    })
    this.#watch.renew(to.length)
    try {
      const delivery = await this.#step<NativeDelivery>('send', signal, (done) => {
        const options = { from, to: [...to], size: bytes.length, use8BitMime, ...(dsn && { dsn }) }
        this.#message = message
        this.#native.send(options, HANDED_OVER, done as Done<unknown>)
      })
      const taken = this.#taken(delivery, message, onEnd)
      this.#awaits = 'message'
      return taken
    } catch (error) {
      if (isRefusal(error)) this.#awaits = 'reset'
      throw error
    } finally {
      this.#message = undefined
      // Answered in its midst: the rest of it would be taken for commands.
      if (message.isUnderWay) await this.destroy()
    }
  }

  /**
   * nodemailer takes a 250 for the 354 that asks for the message: it is the answer to something else, from
   * a server that is out of step.
   */
  #expectAsked(): boolean {
    const isAsked = /^354\b/.test(String(this.#native.lastServerResponse))
    if (!isAsked) this.#break('it does not ask for the message')
    else if (this.#watch.hasStray) this.#break('it replies to what it was not asked')
    else return true
    return false
  }

  /** RFC 6152, 3: without the extension no server may be sent bytes above 127. */
  #expect8BitMime(): void {
    const { _supportedExtensions: extensions } = this.#native as unknown as Extensions
    if (extensions.includes('8BITMIME')) return
    const message = 'the message has 8-bit text, and the server does not take that'
    throw new SmtpFault('pool', { reason: 'invalid_message', message })
  }

  /** Whether the server took it, as it says: after its end, and in words that have one meaning. */
  #taken(delivery: NativeDelivery, message: MessageBytes, onEnd: () => void): Delivery {
    const isOver = !message.isUnderWay
    const code = codeOf(delivery.response)
    if (isOver && code !== undefined && code < 300) {
      return shownDelivery(delivery, this.#replies)
    }
    // It says that it has the message, whatever it has of it.
    onEnd()
    const how = isOver ? 'a reply of two meanings' : 'a reply before the end of the message'
    throw this.#fault('send', unlawfulFault(how))
  }

  /** Says QUIT and waits for the server to hear it; without a connection it only ends. */
  async quit(): Promise<void> {
    if (!this.alive) return
    if (this.#awaits === 'connect') {
      await this.destroy()
      return
    }
    this.#native.quit()
    await this.over
  }

  /** Closes the socket now; a step that is going on, or begun later, fails with `error`. */
  async destroy(error?: unknown): Promise<void> {
    const socket = this.#native._socket
    this.#destroyed = true
    this.#broken ??= error
    // A reset, so that what the kernel still holds of the message does not leave. TLS has none.
    const resettable = socket && !socket.connecting && !socket.destroyed && !('encrypted' in socket)
    if (resettable) socket.resetAndDestroy()
    this.#native.close()
    if (socket && !socket.closed) await new Promise((resolve) => socket.once('close', resolve))
    this.#fail?.(error)
  }

  #break(what: string): void {
    const error = unlawfulFault(what)
    this.#broken = error
    void this.destroy(error)
  }

  async #step<T>(step: SmtpStep, signal: AbortSignal, start: (done: Done<T>) => void): Promise<T> {
    // Before anything is begun the session stays as it is.
    signal.throwIfAborted()
    this.#awaits = 'unknown'
    if (step !== 'send') this.#watch.renew()
    const abort = (): void => void this.destroy(signal.reason)
    const { connectTimeoutMs, replyTimeoutMs } = this.#limits
    const limitMs = step === 'connect' ? connectTimeoutMs : replyTimeoutMs
    const clock = new VerbClock(limitMs, () => void this.destroy(lateFault()))
    // What comes before the login is one step: a greeting that is followed by silence is none.
    this.#clock = step === 'connect' ? undefined : clock
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject
        signal.addEventListener('abort', abort)
        if (this.#broken !== undefined) reject(this.#broken)
        else start((error, value) => (error ? reject(error) : resolve(value)))
      })
    } catch (cause) {
      if (cause === signal.reason || cause instanceof SmtpFault) throw cause
      hideSecrets(cause, this.#replies)
      throw this.#fault(step, cause)
    } finally {
      clock.stop()
      this.#fail = undefined
      signal.removeEventListener('abort', abort)
    }
  }

  #fault(step: SmtpStep, cause: unknown): SmtpFault {
    return new SmtpFault(step, { cause, server: this.#server })
  }
}

/** Stands for a message whose bytes nodemailer does not see; it asks for nothing of it. */
const HANDED_OVER = Buffer.from('handed over')

/** What nodemailer knows of the server. */
interface Extensions {
  readonly _supportedExtensions: readonly string[]
}
