import { moveOnAfter, shield } from '@yuzuru/concurrency'
import { type Admission, admission } from '@yuzuru/concurrency/boundary'
import { IdleSessions } from './idle-sessions.ts'
import { closedFault, SmtpFault } from './smtp-fault.ts'
import type { SmtpConfig } from './smtp-options.ts'
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
  readonly #replies: ReplyRedaction
  readonly #idle: IdleSessions
  readonly #busy = new Set<SmtpSession>()

  constructor(config: SmtpConfig) {
    const { connections, queue, acquireTimeoutMs } = config
    this.#config = config
    this.#replies = new ReplyRedaction(config.auth)
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
    this.#idle = new IdleSessions(config.idleTimeoutMs, quit)
  }

  /**
   * Calls `fn` with a connection that is logged in, and takes it back. If a kept connection turns out to
   * be dead (servers drop idle ones) and `mayRepeat` says so, `fn` is called again with another one.
   */
  async use<T>(
    signal: AbortSignal,
    mayRepeat: () => boolean,
    fn: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    const onKept = async (session: SmtpSession): Promise<T> => {
      await session.clear()
      return await fn(session)
    }
    return await this.#withConnection(signal, mayRepeat, onKept, fn)
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
    await Promise.all(Array.from(this.#busy, (session) => session.destroy(closedFault())))
  }

  /** Closes the connections that nobody uses. */
  async end(): Promise<void> {
    await this.#idle.clear()
  }

  async #withConnection<T>(
    signal: AbortSignal,
    mayRepeat: () => boolean,
    onKept: (session: SmtpSession) => Promise<T>,
    onNew: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    using _permit = await this.#permits.acquire()
    for (let kept = this.#idle.take(); kept !== undefined; kept = this.#idle.take()) {
      const session = kept
      try {
        return await this.#lend(session, () => onKept(session))
      } catch (error) {
        if (!isDeadConnection(error) || !mayRepeat()) throw error
      }
    }
    const session = new SmtpSession(this.#config.connection, this.#replies)
    return await this.#lend(session, async () => {
      await session.open(this.#config.auth, signal)
      return await onNew(session)
    })
  }

  async #lend<T>(session: SmtpSession, fn: () => Promise<T>): Promise<T> {
    this.#busy.add(session)
    try {
      // It got its permit, or lost a connection, just as everything was cut off.
      if (this.#permits.closed) throw closedFault()
      return await fn()
    } finally {
      this.#busy.delete(session)
      await this.#takeBack(session)
    }
  }

  async #takeBack(session: SmtpSession): Promise<void> {
    if (session.isOutOfStep) return await session.destroy()
    const { maxMessagesPerConnection } = this.#config
    if (session.reusable && session.messages < maxMessagesPerConnection) this.#idle.keep(session)
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

/** Whether the fault is that of the connection, so that another one may do better. */
function isDeadConnection(error: unknown): boolean {
  if (!(error instanceof SmtpFault) || error.reason !== 'native') return false
  // Whatever a server says to RSET but yes, it may hold a part of the message before.
  if (error.step === 'reset') return true
  const { cause } = error
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false
  if ('responseCode' in cause && cause.responseCode === 421) return true
  return cause.code === 'ECONNECTION' || cause.code === 'ESOCKET'
}
