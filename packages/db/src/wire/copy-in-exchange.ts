import { setImmediate } from 'node:timers/promises'
import { cancelScope, moveOnAfter, shield } from '@yuzuru/concurrency'
import type { CopyChunk, CopyExchange } from './copy-exchange.ts'
import type { PgConnectionLike, PgResult } from './pg-client.ts'
import { violation } from './protocol-error.ts'
import { isServerError, noteValues } from './server-error.ts'
import { leavesNothing } from './translate-error.ts'

/**
 * How long a source that does not obey its scope may take to end, in milliseconds, before it is abandoned.
 */
const SOURCE_GRACE_MS = 1_000

/** Where the data comes from. */
export interface ChunkSource {
  chunks(): AsyncGenerator<CopyChunk, void, undefined>
  /** Call it when the chunk that is being awaited is no longer wanted. */
  abandon(): void
}

/** How many bytes are sent in one turn of the event loop: a socket may take all of them at once. */
const TURN_BYTES = 65_536

const OVER = Symbol('over')

/**
 * One `COPY … FROM STDIN`: sends the chunks as fast as the socket takes them, and ends with CopyDone or,
 * when the source fails or the scope is cancelled, with CopyFail, after which the server undoes it all.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
export class CopyIn implements CopyExchange {
  readonly operation = 'copyIn'
  readonly writes = true
  /** What the source, or `onProgress`, threw. */
  sourceFailure: { readonly reason: unknown } | undefined = undefined
  readonly #text: string
  readonly #source: ChunkSource
  readonly #onChunk: (chunk: CopyChunk) => void
  readonly #opened = Promise.withResolvers<boolean>()
  readonly #done = Promise.withResolvers<PgResult>()
  #connection: PgConnectionLike | undefined = undefined
  #rowCount: number | undefined = undefined
  #isOpen = false
  #isOver = false
  #onOver: (() => void) | undefined = undefined
  #onStop: (() => void) | undefined = undefined
  #mayHaveHappened = false

  /** @param onChunk called after each chunk that was sent */
  constructor(text: string, source: ChunkSource, onChunk: (chunk: CopyChunk) => void) {
    this.#text = text
    this.#source = source
    this.#onChunk = onChunk
    // It may reject before anything awaits it.
    this.#done.promise.catch(() => undefined)
  }

  get mayHaveHappened(): boolean {
    return this.#mayHaveHappened
  }

  submit(connection: PgConnectionLike): void {
    this.#connection = connection
    connection.query(this.#text)
  }

  /** pg expects this field, and replaces it to stop its `query_timeout`. */
  callback(): void {}

  handleCopyInResponse(): void {
    this.#isOpen = true
    this.#opened.resolve(true)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rowCount = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#end()
    const rowCount = this.#rowCount
    if (rowCount === undefined) this.#done.reject(violation('it did not complete a COPY'))
    else this.#done.resolve({ command: 'COPY', rowCount, rows: [] })
  }

  handleError(error: Error): void {
    if (this.#isOpen) noteValues(error)
    if (isServerError(error) && leavesNothing(error)) this.#mayHaveHappened = false
    this.#end()
    this.#done.reject(error)
  }

  async run(signal: AbortSignal): Promise<PgResult> {
    if (await this.#opened.promise) {
      // A source that obeys its scope ends at once when the server has ended the COPY.
      await cancelScope(
        async (scope) => {
          this.#onStop = () => scope.cancel('The server ended the COPY')
          await this.#feed(signal)
        },
        { name: 'copy source' },
      ).catch((reason: unknown) => this.#fail(reason, signal))
    }
    return await this.#done.promise
  }

  async #feed(signal: AbortSignal): Promise<void> {
    const chunks = this.#source.chunks()
    const give = (): void => this.#giveUp()
    signal.addEventListener('abort', give, { once: true })
    if (signal.aborted) give()
    let sent = 0
    try {
      for (;;) {
        const step = await this.#unlessOver(chunks.next())
        if (step === OVER) return this.#source.abandon()
        if (step.done === true) {
          this.#mayHaveHappened = true
          this.#connection?.endCopyFrom()
          return
        }
        this.#connection?.sendCopyFromChunk(step.value.bytes)
        this.#onChunk(step.value)
        await this.#drained()
        sent += step.value.bytes.length
        if (sent < TURN_BYTES) continue
        // Without a turn of the event loop neither the server's answer nor a deadline would be noticed.
        await setImmediate()
        sent = 0
      }
    } finally {
      signal.removeEventListener('abort', give)
      await leave(chunks)
    }
  }

  /** Sends CopyFail, and nothing after it. */
  #giveUp(): void {
    if (this.#isOver || this.#mayHaveHappened) return
    this.#connection?.sendCopyFail('cancelled, or no data to be had')
    this.#end()
  }

  #fail(reason: unknown, signal: AbortSignal): void {
    // An error of a source that was cancelled is not a failure of the source.
    if (!this.#isOver && !signal.aborted) this.sourceFailure = { reason }
    this.#giveUp()
  }

  #end(): void {
    this.callback()
    this.#isOver = true
    this.#opened.resolve(false)
    this.#onOver?.()
    this.#onStop?.()
  }

  /** The result of `promise`, unless the COPY ends first. One call at a time. */
  #unlessOver<T>(promise: Promise<T>): Promise<T | typeof OVER> {
    return new Promise((resolve, reject) => {
      this.#onOver = () => resolve(OVER)
      promise.then(resolve, reject)
      if (this.#isOver) resolve(OVER)
    })
  }

  async #drained(): Promise<void> {
    const stream = this.#connection?.stream
    if (stream?.writableNeedDrain !== true) return
    const drained = Promise.withResolvers<void>()
    stream.once('drain', drained.resolve)
    await this.#unlessOver(drained.promise)
    stream.off('drain', drained.resolve)
  }
}

/** Ends a source and waits for that, but only for a limited time. */
async function leave(chunks: AsyncGenerator<CopyChunk, void, undefined>): Promise<void> {
  await shield(
    () =>
      moveOnAfter(SOURCE_GRACE_MS, (scope) => {
        const ended = chunks.return().then(
          () => undefined,
          () => undefined,
        )
        const given = Promise.withResolvers<void>()
        scope.signal.addEventListener('abort', () => given.resolve(), { once: true })
        return Promise.race([ended, given.promise])
      }),
    { name: 'copy source' },
  )
}
