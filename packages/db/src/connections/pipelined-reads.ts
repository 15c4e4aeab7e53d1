import { detached, moveOnAfter } from '@yuzuru/concurrency'
import type { PgQuery, PgResult, PgTypes } from '../wire/pg-client.ts'
import { Pipeline } from './pipeline.ts'
import { closing, type Closing, type CloseOptions } from '@yuzuru/concurrency/boundary'
import { refusal } from './refusal.ts'
import type { OpenSession } from './session-source.ts'
import type { Session } from './session.ts'

/** How long to wait, in milliseconds, after a connection for reads could not be made. */
const PAUSE_MS = 1_000

/** How long preparing a connection for reads may take, in milliseconds. */
const SETUP_MS = 5_000

/** How many texts that were seen once are remembered. */
const SEEN_LIMIT = 2_000

/** The figures of the connections that pipelined reads share. */
export interface PipelinedFigures {
  readonly connections: number
  /** Reads that are under way on them. */
  readonly underWay: number
}

/**
 * The connections that reads share. A read that they do not take goes to the pool, with its limits: a text
 * that is seen for the first time, and any read while there is no connection or all are busy.
 */
export class PipelinedReads {
  readonly #open: OpenSession
  readonly #types: PgTypes
  readonly #max: number
  /** Fires when no more connections are wanted. */
  readonly #stop = new AbortController()
  readonly #seen = new Set<string>()
  #pipelines: Pipeline[] = []
  #opening: Promise<void> | undefined = undefined
  #pausedUntil = 0
  #isOff = false
  readonly #life: Closing = closing({
    name: 'db reads',
    refuse: refusal,
    end: (leftMs) => this.#end(leftMs),
  })

  constructor(open: OpenSession, types: PgTypes, max: number) {
    this.#open = open
    this.#types = types
    this.#max = max
  }

  get figures(): PipelinedFigures {
    const alive = this.#pipelines.filter((each) => !each.lost)
    const underWay = alive.reduce((sum, each) => sum + each.size, 0)
    return { connections: alive.length, underWay }
  }

  /** Sends a read together with others. `undefined`: it must go to the pool. */
  read(query: PgQuery, signal: AbortSignal): Promise<PgResult | undefined> | undefined {
    if (this.#isOff || this.#life.state !== 'open' || !this.#isSeen(query.text)) return undefined
    this.#grow()
    let least: Pipeline | undefined
    for (const each of this.#pipelines) {
      if (each.isOpen && each.size < (least?.size ?? Infinity)) least = each
    }
    return least?.read(query, signal)
  }

  /** Waits for what is under way, and closes the connections. */
  close(options?: CloseOptions): Promise<void> {
    return this.#life.close(options)
  }

  async #end(leftMs: number): Promise<void> {
    this.#stop.abort()
    await this.#opening
    await Promise.all(this.#pipelines.map((each) => each.end(leftMs)))
  }

  /** A text that is used once is not worth preparing. */
  #isSeen(text: string): boolean {
    if (this.#seen.has(text)) return true
    if (this.#seen.size >= SEEN_LIMIT) this.#seen.clear()
    this.#seen.add(text)
    return false
  }

  /** Opens one more connection in the background, if the limit allows it. */
  #grow(): void {
    if (this.#pipelines.some((each) => each.lost)) {
      this.#pipelines = this.#pipelines.filter((each) => !each.lost)
    }
    if (this.#opening !== undefined || this.#pipelines.length >= this.#max) return
    if (performance.now() < this.#pausedUntil) return
    this.#opening = detached(() => this.#add()).finally(() => {
      this.#opening = undefined
    })
  }

  async #add(): Promise<void> {
    const { signal } = this.#stop
    try {
      const session = await this.#open(signal)
      if (await preparedForReads(session, this.#types, signal)) {
        this.#pipelines.push(new Pipeline(session, this.#types))
      } else {
        this.#isOff = true
        await session.end()
      }
    } catch {
      // The reads go to the pool, which reports what is wrong.
      this.#pausedUntil = performance.now() + PAUSE_MS
    }
  }
}

/**
 * Makes the session read-only and prepares it for reads. Returns whether it may be used for them.
 *
 * @throws what pg throws, with the session closed
 */
async function preparedForReads(
  session: Session,
  types: PgTypes,
  stop: AbortSignal,
): Promise<boolean> {
  const destroy = (): void => session.destroy()
  stop.addEventListener('abort', destroy, { once: true })
  try {
    const { expired, value } = await moveOnAfter(SETUP_MS, async ({ signal }) => {
      const direct = await isDirect(session, types, signal)
      const text = 'set default_transaction_read_only = on'
      if (direct) await session.query({ text, types }, signal, 'destroy')
      return direct
    })
    if (!expired) return value
    throw new Error('Connection terminated: it could not be set up in time')
  } catch (error) {
    session.destroy()
    throw error
  } finally {
    stop.removeEventListener('abort', destroy)
  }
}

/**
 * Whether the backend serves this session alone. A pooler that shares backends reports a process id of its
 * own; what is prepared or set through it would affect other clients.
 */
async function isDirect(session: Session, types: PgTypes, signal: AbortSignal): Promise<boolean> {
  const text = 'select pg_backend_pid() as pid'
  const { rows } = await session.query({ text, types }, signal, 'destroy')
  return rows[0]?.['pid'] === session.wire.processId
}
