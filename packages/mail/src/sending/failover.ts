import {
  circuitBreaker,
  type CircuitBreaker,
  CircuitOpenError,
} from '@yuzuru/concurrency/resilience'
import type { Closing } from '@yuzuru/concurrency/boundary'
import type { MailErrorCode } from '../mail-error.ts'
import type { Backend } from '../scoped-transport.ts'
import { translateError } from '../smtp/translate-error.ts'

/** After how many failures in a row a server is passed over, and for how long. */
const FAILURES = 3
const COOL_DOWN_MS = 30_000

/** What another server may do better. A refusal of the message or of its recipients is none of it. */
const SERVERS_OWN: ReadonlySet<MailErrorCode> = new Set([
  'acquire_timeout',
  'connection_failed',
  'connection_lost',
  'overloaded',
  'temporarily_rejected',
  'timeout',
  'unauthenticated',
])

const UNWELL: ReadonlySet<MailErrorCode> = new Set([
  'connection_failed',
  'connection_lost',
  'timeout',
  'unauthenticated',
])

/** The right to send over one of several servers. */
class FailoverTurn implements Disposable {
  readonly index: number
  readonly own: Disposable

  constructor(index: number, own: Disposable) {
    this.index = index
    this.own = own
  }

  /** A second time does nothing. */
  [Symbol.dispose](): void {
    this.own[Symbol.dispose]()
  }
}

/**
 * Several servers as one: the first that works takes the message. What may have gone out over one is
 * never sent over another. A server that fails again and again is passed over for a while, but for the last.
 */
export class Failover implements Backend {
  readonly life: Closing
  readonly #backends: readonly Omit<Backend, 'life'>[]
  readonly #breakers: readonly CircuitBreaker[]

  constructor(backends: readonly Omit<Backend, 'life'>[], life: Closing) {
    this.life = life
    this.#backends = backends
    this.#breakers = backends.map((_, index) =>
      circuitBreaker({
        name: `mail server ${index + 1}`,
        failures: FAILURES,
        coolDownMs: COOL_DOWN_MS,
        isFailure: isUnwell,
      }),
    )
  }

  async admit(): Promise<Disposable> {
    return await this.#admit(0)
  }

  async deliver(
    ...[mail, signal, progress, given]: Parameters<Backend['deliver']>
  ): ReturnType<Backend['deliver']> {
    let turn = given as FailoverTurn
    try {
      for (;;) {
        const { index, own } = turn
        try {
          const backend = this.#at(index)
          return await this.#call(index, () => backend.deliver(mail, signal, progress, own))
        } catch (error) {
          if (index === this.#last || !mayDoBetter(error, progress.sent)) throw error
          progress.sent = false
          turn[Symbol.dispose]()
          turn = await this.#admit(index + 1)
        }
      }
    } finally {
      turn[Symbol.dispose]()
    }
  }

  async verify(signal: AbortSignal): Promise<void> {
    for (const backend of this.#backends) await backend.verify(signal)
  }

  async #admit(first: number): Promise<FailoverTurn> {
    for (let index = first; ; index += 1) {
      const isLast = index === this.#last
      if (!isLast && this.#breakers[index]?.state === 'open') continue
      try {
        return new FailoverTurn(index, await this.#at(index).admit())
      } catch (error) {
        if (isLast || !mayDoBetter(error, false)) throw error
      }
    }
  }

  get #last(): number {
    return this.#backends.length - 1
  }

  #at(index: number): Omit<Backend, 'life'> {
    const backend = this.#backends[index]
    if (backend === undefined) throw new RangeError(`Expected a server, got number ${index}`)
    return backend
  }

  /** The last server is always tried: there is none to go to instead. */
  async #call<T>(index: number, fn: () => Promise<T>): Promise<T> {
    const breaker = index === this.#last ? undefined : this.#breakers[index]
    return await (breaker === undefined ? fn() : breaker.call(fn))
  }
}

/** Whether the server is the matter, and not this one mail. */
function isUnwell(error: unknown): boolean {
  const { code, status } = translateError('send', error, 'none')
  return status === 421 || status === 454 || UNWELL.has(code)
}

function mayDoBetter(error: unknown, mayHaveLeft: boolean): boolean {
  if (CircuitOpenError.isInstance(error)) return true
  const { code, outcome } = translateError('send', error, mayHaveLeft ? 'unknown' : 'none')
  return outcome === 'none' && SERVERS_OWN.has(code)
}
