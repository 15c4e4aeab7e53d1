import { detached } from '@yuzuru/concurrency'
import type { SMTPConnectionOptions } from 'nodemailer'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { messageStream } from './message-bytes.ts'
import { SmtpFault, type SmtpStep } from './smtp-fault.ts'

/** Who sends and who gets it, as SMTP says it. */
export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

/** What the server said to a message it took. */
export interface Delivery {
  readonly accepted: readonly string[]
  readonly rejected: readonly string[]
  readonly response: string
}

type Done<T> = (error: Error | null | undefined, value: T) => void

/**
 * One connection to the server: nodemailer's `SMTPConnection` with promises, where an abort destroys the
 * socket at once and rejects only when it is gone. One step at a time.
 */
export class SmtpSession {
  readonly #native: SMTPConnection
  readonly #over = Promise.withResolvers<void>()
  #fail: ((error: unknown) => void) | undefined = undefined
  /** Why it broke off while no step was going on. */
  #broken: unknown = undefined
  #destroyed = false
  /** Messages that were tried over it. */
  messages = 0
  /** Whether a message was refused half-way, so that the server must be told to forget it. */
  needsReset = false
  /** Whether a step failed in a way that leaves it in a state that we do not know. */
  unusable = false

  constructor(options: SMTPConnectionOptions) {
    this.#native = detached(() => new SMTPConnection(options))
    this.#native.on('error', (error: unknown) => {
      this.#broken = error
      this.#fail?.(error)
    })
    this.#native.once('end', () => {
      this.#over.resolve()
      // nodemailer tells a step why it failed just after this event.
      setImmediate(() => {
        if (this.#destroyed) return
        this.#fail?.(Object.assign(new Error('Connection ended'), { code: 'ECONNECTION' }))
      })
    })
  }

  get alive(): boolean {
    return !this.#native.destroyed
  }

  /** Settles when it is over, for whatever reason. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#step<void>('connect', signal, (done) => {
      // In no scope: the socket's listeners outlive the send that opened it.
      detached(() => this.#native.connect((error) => done(error)))
    })
  }

  async login(user: string, password: string, signal: AbortSignal): Promise<void> {
    await this.#step<unknown>('login', signal, (done) => {
      this.#native.login({ credentials: { user, pass: password } }, done)
    })
  }

  /** @param onEnd called just before the end of DATA can leave */
  async send(
    envelope: Envelope,
    bytes: Buffer,
    signal: AbortSignal,
    onEnd: () => void,
  ): Promise<Delivery> {
    this.messages += 1
    const { from, to } = envelope
    return await this.#step<Delivery>('send', signal, (done) => {
      const message = messageStream(bytes, onEnd)
      this.#native.send({ from, to: [...to], size: bytes.length }, message, done)
    })
  }

  async reset(signal: AbortSignal): Promise<void> {
    await this.#step<unknown>('reset', signal, (done) => this.#native.reset(done))
    this.needsReset = false
  }

  /** Says QUIT and waits for the server to hear it. */
  async quit(): Promise<void> {
    if (!this.alive) return
    this.#native.quit()
    await this.over
  }

  /** Closes the socket now; a step that is going on fails with `error`. */
  async destroy(error?: unknown): Promise<void> {
    const socket = this.#native._socket
    this.#destroyed = true
    // A reset, so that what the kernel still holds of the message does not leave. TLS has none.
    const resettable = socket && !socket.connecting && !socket.destroyed && !('encrypted' in socket)
    if (resettable) socket.resetAndDestroy()
    this.#native.close()
    if (socket && !socket.closed) await new Promise((resolve) => socket.once('close', resolve))
    this.#fail?.(error)
  }

  async #step<T>(step: SmtpStep, signal: AbortSignal, start: (done: Done<T>) => void): Promise<T> {
    signal.throwIfAborted()
    const abort = (): void => void this.destroy(signal.reason)
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject
        signal.addEventListener('abort', abort)
        if (this.#broken !== undefined) reject(this.#broken)
        else start((error, value) => (error ? reject(error) : resolve(value)))
      })
    } catch (cause) {
      if (step === 'send' && isRefusal(cause)) this.needsReset = true
      else this.unusable = true
      if (cause === signal.reason || cause instanceof SmtpFault) throw cause
      throw new SmtpFault(step, { cause })
    } finally {
      this.#fail = undefined
      signal.removeEventListener('abort', abort)
    }
  }
}

/** Whether the server said no to the message and is ready for another (421 and 503 say it is not). */
function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('responseCode' in error)) return false
  const code = error.responseCode
  return typeof code === 'number' && code >= 400 && code <= 599 && code !== 421 && code !== 503
}
