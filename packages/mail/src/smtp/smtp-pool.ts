import { moveOnAfter, shield } from '@yuzuru/concurrency'
import { type Admission, admission } from '@yuzuru/concurrency/boundary'
import type { Permit } from '@yuzuru/concurrency/sync'
import { IdleSessions } from './idle-sessions.ts'
import { isDeadConnection, isNoFurtherConnection } from './native-fault.ts'
import { RefusedOpenings } from './refused-openings.ts'
import { SendLimits } from './send-limits.ts'
import { ServerLimit } from './server-limit.ts'
import { closedFault, SmtpFault } from './smtp-fault.ts'
import type { SmtpConfig } from './smtp-options.ts'
import { SmtpLogin } from './smtp-login.ts'
import { ReplyRedaction } from './smtp-reply.ts'
import { SmtpSession } from './smtp-session.ts'

/** How long a server may take to hear QUIT; it is a courtesy. */
const QUIT_TIMEOUT_MS = 1_000

/**
 * A bounded number of SMTP connections, lent to one user at a time, first come first served. Every wait
 * in it obeys the scope around the caller.
 */
export class SmtpPool {
  readonly #config: SmtpConfig
  readonly #permits: Admission
  readonly #serverLimit: ServerLimit
  readonly #limits: SendLimits
  readonly #replies: ReplyRedaction
  readonly #login: SmtpLogin | undefined
  readonly #idle: IdleSessions
  readonly #busy = new Set<SmtpSession>()
  readonly #refused = new RefusedOpenings()
  readonly #held = (permit: Permit): Permit => this.#serverLimit.held(permit)

  constructor(config: SmtpConfig) {
    const { connections, queue, acquireTimeoutMs } = config
    this.#config = config
    this.#replies = new ReplyRedaction(config.auth)
    this.#login = config.auth && new SmtpLogin(config.auth, this.#replies)
    this.#permits = admission({
      connections,
      queue,
      acquireTimeoutMs,
      name: 'mail',
      refuse: ({ code, message }) =>
        code === 'closed'
          ? closedFault()
          : new SmtpFault('pool', { reason: code, message: `not sent: ${message}` }),
    })
    this.#serverLimit = new ServerLimit(connections)
    this.#limits = new SendLimits(config)
    this.#idle = new IdleSessions(config.idleTimeoutMs, quit)
  }

  /** Waits for the right to a connection. Until it is given back, {@link use} and {@link verify} may be called. */
  admit(): Promise<Permit> {
    this.#serverLimit.grow()
    // Not async: very many may wait here, and each frame is held as long.
    return this.#permits.acquire().then(this.#held)
  }

  /**
   * Calls `fn` with a connection that is logged in, when the limits let a message leave, and takes it
   * back. If a kept connection turns out to be dead (servers drop idle ones) and `mayRepeat` says so, `fn`
   * is called again with another one.
   */
  async use<T>(
    signal: AbortSignal,
    mayRepeat: () => boolean,
    fn: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    const when = async (session: SmtpSession): Promise<T> => {
      await session.clear()
      await this.#limits.pass()
      return await fn(session)
    }
    return await this.#withConnection(signal, mayRepeat, when, when)
  }

  /** Has a kept connection reply, or opens one. */
  async verify(signal: AbortSignal): Promise<void> {
    await this.#withConnection(
      signal,
      () => true,
      (session) => session.reset(),
      () => Promise.resolve(),
    )
  }

  /** Ends at once what is under way, and refuses what waits. */
  async cut(): Promise<void> {
    this.#permits.close()
    this.#refused.giveUp()
    await Promise.all(Array.from(this.#busy, (session) => session.destroy(closedFault())))
  }

  /** Closes the connections that are not in use. */
  async end(): Promise<void> {
    await this.#idle.clear()
  }

  async #withConnection<T>(
    signal: AbortSignal,
    mayRepeat: () => boolean,
    onKept: (session: SmtpSession) => Promise<T>,
    onNew: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const kept = this.#idle.take()
      try {
        if (kept !== undefined) return await this.#lend(kept, () => onKept(kept))
        return await this.#open(signal, onNew)
      } catch (error) {
        if (kept !== undefined && isDeadConnection(error) && mayRepeat()) continue
        if (kept !== undefined || !isNoFurtherConnection(error)) throw error
        await this.#waitForOthers(error)
      }
    }
  }

  async #open<T>(signal: AbortSignal, onNew: (session: SmtpSession) => Promise<T>): Promise<T> {
    const { connection, limits } = this.#config
    const session = new SmtpSession(connection, limits, this.#replies)
    return await this.#lend(session, async () => {
      await session.open(this.#login, signal)
      this.#serverLimit.opened()
      return await onNew(session)
    })
  }

  /**
   * The server takes no further connection. While others of ours are at work: waits until one of them is
   * free, or has ended.
   *
   * @throws {unknown} `refusal` when that takes too long, or nobody is at work
   */
  async #waitForOthers(refusal: unknown): Promise<void> {
    if (this.#busy.size === 0) throw refusal
    this.#serverLimit.shrink()
    const end = await this.#refused.wait(this.#config.acquireTimeoutMs)
    if (end === 'free') return
    if (end === 'nobody') this.#serverLimit.forget()
    throw refusal
  }

  async #lend<T>(session: SmtpSession, fn: () => Promise<T>): Promise<T> {
    this.#busy.add(session)
    try {
      // It got its permit, or lost a connection, just as everything was cut off.
      if (this.#permits.closed) throw closedFault()
      return await fn()
    } finally {
      const wasOpen = session.wasOpen
      this.#busy.delete(session)
      await this.#takeBack(session)
      if (wasOpen) this.#refused.letOne()
      else if (this.#busy.size === 0) this.#refused.giveUp()
    }
  }

  async #takeBack(session: SmtpSession): Promise<void> {
    if (session.isOutOfStep) return await session.destroy()
    const { messagesPerConnection } = this.#config
    if (session.reusable && session.messages < messagesPerConnection) this.#idle.keep(session)
    // The permit is given back only after the connection: the server counts connections too.
    else await quit(session)
  }
}

async function quit(session: SmtpSession): Promise<void> {
  await shield(async () => {
    await moveOnAfter(QUIT_TIMEOUT_MS, async (scope) => {
      scope.signal.addEventListener('abort', () => void session.destroy())
      await session.quit()
    })
  })
}
