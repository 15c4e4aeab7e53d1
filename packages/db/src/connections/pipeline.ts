import { detached, moveOnAfter } from '@yuzuru/concurrency'
import { loopTurn } from '../wire/loop-turn.ts'
import type { PgQuery, PgResult, PgTypes } from '../wire/pg-client.ts'
import { PipelinedRead, type PreparedRead } from '../wire/pipelined-read.ts'
import { isServerError } from '../wire/server-error.ts'
import type { Session } from './session.ts'
import { meaningOf } from '../wire/sql-state.ts'
import { bindMessage, DESCRIBE, EXECUTE, parseMessage, SYNC } from '../wire/wire-message.ts'
import { toWire } from '../wire/wire-value.ts'

/** How many reads may be under way at once; others go to the pool. */
const DEPTH = 64
/** How many statements are prepared; other texts go to the pool. */
const STATEMENTS = 500
/** How long the first in line may take before those behind it are sent to the pool. */
const SLOW_MS = 30
/**
 * The prepared statement no longer exists on the server, or its tables have changed since it was prepared.
 */
const OUTDATED = new Set(['26000', '0A000'])

/**
 * The longest expected wait of a read, in milliseconds, estimated from recent reads. A read that would wait
 * longer goes to the pool.
 */
const WAIT_MS = 20

/**
 * Reads of many callers on one connection, one behind the other without waiting for answers, each text
 * prepared once. A read that suffers from another one (a cancel, a slow neighbour) or from the loss of the
 * connection is sent again through the pool, which is safe for reads.
 */
export class Pipeline {
  readonly #session: Session
  readonly #types: PgTypes
  readonly #line: PipelinedRead[] = []
  readonly #statements = new Map<string, PreparedRead>()
  readonly #outbox: Buffer[] = []
  #prepared = 0
  /** How long a read takes, in milliseconds: a moving average. */
  #usualMs = 0
  #cancels = 0
  #isEnding = false
  #failing: (() => void) | undefined = undefined
  #watch: NodeJS.Timeout | undefined = undefined
  #onIdle: (() => void) | undefined = undefined
  readonly #handlers = {
    done: (read: PipelinedRead): void => this.#leave(read),
    failed: (read: PipelinedRead, error: unknown): void => this.#failed(read, error),
  }

  constructor(session: Session, types: PgTypes) {
    this.#session = session
    const ready = (): void => this.#ready()
    session.wire.onLost(ready)
    session.wire.onReady(ready)
    this.#types = types
  }

  get lost(): boolean {
    return this.#session.lost
  }

  /** How many reads are under way. */
  get size(): number {
    return this.#line.length
  }

  /** Whether one more read may join: not behind a slow read, and not behind too many. */
  get isOpen(): boolean {
    if (this.#isEnding || this.lost || this.#line.length >= DEPTH) return false
    const [head] = this.#line
    if (head === undefined) return true
    if (this.#line.length * this.#usualMs > WAIT_MS) return false
    return performance.now() - head.since < SLOW_MS
  }

  /**
   * Sends a read. Resolves to `undefined` if it cannot be taken, or must be sent again, through the pool.
   *
   * @throws what the server says; `signal`'s reason
   */
  async read(query: PgQuery, signal: AbortSignal): Promise<PgResult | undefined> {
    const messages = this.#messages(query)
    if (messages === undefined) return undefined
    const { prepared, buffers } = messages
    const write = (): void => this.#write(buffers)
    const read = new PipelinedRead(prepared, this.#types, signal, write, this.#handlers)
    read.isExposed = this.#cancels > 0
    read.since = performance.now()
    // An idle connection may have been closed by the server.
    if (this.#line.length === 0) read.arrival = loopTurn()
    this.#line.push(read)
    this.#arm()
    const cancel = (): void => this.#cancel(read)
    signal.addEventListener('abort', cancel, { once: true })
    try {
      this.#session.wire.submit(read)
      return await read.answer
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Waits for what is under way, at most `drainMs`, and closes the connection. */
  async end(drainMs: number): Promise<void> {
    this.#isEnding = true
    const { expired } = await moveOnAfter(drainMs, ({ signal }) => this.#idle(signal))
    clearTimeout(this.#watch)
    if (expired) this.#session.destroy()
    else await this.#session.end()
  }

  /** Resolves when nothing is under way, or `signal` fires. */
  async #idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.lost && (this.#line.length > 0 || this.#cancels > 0)) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  #messages({
    text,
    values = [],
    wire = values.map(toWire),
  }: PgQuery):
    | { readonly prepared: PreparedRead; readonly buffers: readonly Buffer[] }
    | undefined {
    const known = this.#statements.get(text)
    if (known === undefined && this.#prepared >= STATEMENTS) return undefined
    const prepared = known ?? { name: `yuzuru_read_${this.#prepared}`, shape: undefined }
    const bound = bindMessage(prepared.name, wire)
    if (known !== undefined) {
      const described = known.shape === undefined ? [DESCRIBE] : []
      return { prepared, buffers: [bound, ...described, EXECUTE, SYNC] }
    }
    this.#prepared += 1
    this.#statements.set(text, prepared)
    return {
      prepared,
      buffers: [parseMessage(prepared.name, text), bound, DESCRIBE, EXECUTE, SYNC],
    }
  }

  /** Collects what is sent in one turn of the event loop into one write. */
  #write(buffers: readonly Buffer[]): void {
    if (this.#outbox.length === 0) detached(() => setImmediate(() => this.#flush()))
    this.#outbox.push(...buffers)
  }

  #flush(): void {
    const message = Buffer.concat(this.#outbox)
    this.#outbox.length = 0
    this.#session.wire.write(message)
  }

  #leave(read: PipelinedRead): void {
    read.leave()
    const at = this.#line.indexOf(read)
    if (at >= 0) this.#line.splice(at, 1)
    if (at === 0) {
      const now = performance.now()
      this.#usualMs += (now - read.since - this.#usualMs) / 8
      const [head] = this.#line
      if (head !== undefined) head.since = now
    }
    this.#tellIdle()
  }

  #failed(read: PipelinedRead, error: unknown): void {
    const goesOn = isServerError(error) && meaningOf(error.code).endsSession !== true
    // The server is done with the read only at the ReadyForQuery after its error.
    if (goesOn && !this.lost) this.#failing = () => this.#settle(read, error)
    else this.#settle(read, error)
  }

  #ready(): void {
    const settle = this.#failing
    this.#failing = undefined
    settle?.()
  }

  #settle(read: PipelinedRead, error: unknown): void {
    const wasFirst = this.#line[0] === read
    this.#leave(read)
    const isOfServer = isServerError(error)
    // The connection is gone or ending: only the read that was running has failed because of it.
    const isGone = !isOfServer || meaningOf(error.code).endsSession === true
    if (isGone) this.#sendAllAgain()
    if (!read.isWanted) return
    if (read.signal.aborted) return read.giveUp(read.signal.reason)
    if (isGone && read.arrival?.isOver === false) return read.sendAgain()
    if (!isOfServer) return wasFirst ? read.giveUp(error) : read.sendAgain()
    const isOutdated = OUTDATED.has(error.code)
    // A statement that could not be prepared is not there for the next read either.
    if (isOutdated || read.prepared.shape === undefined) this.#forget(read)
    if (isOutdated || (error.code === '57014' && read.isExposed)) read.sendAgain()
    else read.giveUp(error)
  }

  #sendAllAgain(): void {
    for (const each of this.#line) if (each.isWanted && !each.signal.aborted) each.sendAgain()
  }

  #forget({ prepared }: PipelinedRead): void {
    for (const [text, known] of this.#statements) {
      if (known === prepared) this.#statements.delete(text)
    }
  }

  #cancel(read: PipelinedRead): void {
    if (this.#line[0] === read) void detached(() => this.#stop(read))
    // Behind others it is not running yet. If its turn still comes, the watch stops it.
    else read.giveUp(read.signal.reason)
  }

  /** Asks the server to stop the first in line, until it has. The cancel may hit the read behind it. */
  async #stop(read: PipelinedRead): Promise<void> {
    this.#cancels += 1
    for (const each of this.#line) each.isExposed = true
    try {
      const isOver = (): boolean => this.lost || !this.#line.includes(read)
      await this.#session.stop({ isOver, over: (signal) => read.over(signal) })
    } finally {
      this.#cancels -= 1
      this.#tellIdle()
    }
  }

  #arm(): void {
    if (this.#watch !== undefined) return
    this.#watch = detached(() => setTimeout(() => this.#look(), SLOW_MS))
  }

  /** Checks whether the first in line holds up the others. */
  #look(): void {
    this.#watch = undefined
    const [head, ...behind] = this.#line
    if (head === undefined) return
    if (performance.now() - head.since >= SLOW_MS) {
      // While it closes, the pool is closed as well.
      for (const each of behind) if (each.isWanted && !this.#isEnding) each.sendAgain()
      if (!head.isWanted && this.#cancels === 0) void detached(() => this.#stop(head))
    }
    this.#arm()
  }

  #tellIdle(): void {
    if (this.#line.length > 0 || this.#cancels > 0) return
    this.#onIdle?.()
    this.#onIdle = undefined
  }
}
