import { detached, moveOnAfter } from '@yuzuru/concurrency'
import type { PgQuery, PgResult, PgTypes } from '../wire/pg-client.ts'
import { Pipeline } from './pipeline.ts'
import { closing, type Closing, type CloseOptions } from '@yuzuru/concurrency/boundary'
import { refusal } from './refusal.ts'
import type { OpenSession } from './session-source.ts'
import type { Session } from './session.ts'

/** How long to leave the server alone after a connection for reads could not be made. */
const PAUSE_MS = 1_000

/** How long it may take to make one of a connection, in milliseconds. */
const SETUP_MS = 5_000

/** How many texts are remembered that came once. */
const SEEN_LIMIT = 2_000

/** The figures of the connections that reads share. */
export interface PipelinedFigures {
  readonly connections: number
  /** Reads that are under way on them. */
  readonly underWay: number
}

/**
 * The connections that reads share. It only ever helps: what it does not take (a text that comes for
 * the first time; while no connection is there; when all are busy) goes to the pool, with its bounds.
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

  /** Sends a read along with others. `undefined`: it has to go to the pool. */
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

  /** What comes but once is not worth being prepared. */
  #isSeen(text: string): boolean {
    if (this.#seen.has(text)) return true
    if (this.#seen.size >= SEEN_LIMIT) this.#seen.clear()
    this.#seen.add(text)
    return false
  }

  /** Opens one more in the background, if there are to be more. */
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
      // The pool will say what is wrong.
      this.#pausedUntil = performance.now() + PAUSE_MS
    }
  }
}

/** Whether it is one for reads; then they cannot write. @throws what pg throws; it is closed then */
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
 * Whether the backend is ours alone. A pooler between that shares out backends has a process id of its
 * own; what is prepared or set through it would meet others.
 */
async function isDirect(session: Session, types: PgTypes, signal: AbortSignal): Promise<boolean> {
  const text = 'select pg_backend_pid() as pid'
  const { rows } = await session.query({ text, types }, signal, 'destroy')
  return rows[0]?.['pid'] === session.wire.processId
}
