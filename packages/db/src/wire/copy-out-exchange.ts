import type { CopyExchange } from './copy-exchange.ts'
import type { PgConnectionLike, PgResult } from './pg-client.ts'
import { violation } from './protocol-error.ts'
import { isServerError, noteValues } from './server-error.ts'
import { leavesNothing } from './translate-error.ts'

/** How many bytes may wait for the consumer before nothing more is read from the socket. */
const HIGH_WATER_BYTES = 65_536

/**
 * One `COPY … TO STDOUT`: keeps what the server sends until it is taken, and stops reading when that is too
 * much. After an abort it discards what still arrives, so that the server can finish.
 */
export class CopyOut implements CopyExchange {
  readonly operation = 'copyOut'
  readonly writes: boolean
  /** The bytes that came. */
  bytes = 0
  readonly #text: string
  readonly #done = Promise.withResolvers<PgResult>()
  #connection: PgConnectionLike | undefined = undefined
  #waiting: Buffer[] = []
  #size = 0
  #rowCount: number | undefined = undefined
  #refused = false
  #discards = false
  #isOver = false
  #wake: (() => void) | undefined = undefined

  constructor(text: string, writes: boolean) {
    this.#text = text
    this.writes = writes
    // It may reject before anything awaits it.
    this.#done.promise.catch(() => undefined)
  }

  get mayHaveHappened(): boolean {
    return this.writes && !this.#refused && this.#connection !== undefined
  }

  submit(connection: PgConnectionLike): void {
    this.#connection = connection
    connection.query(this.#text)
  }

  /** pg expects this field, and replaces it to stop its `query_timeout`. */
  callback(): void {}

  /** The server sends one message for each row. */
  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    if (this.#discards) return
    this.bytes += chunk.length
    this.#size += chunk.length
    // A copy, as the parser reuses its buffer.
    this.#waiting.push(Buffer.from(chunk))
    if (this.#size >= HIGH_WATER_BYTES) this.#connection?.stream.pause()
    this.#wake?.()
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rowCount = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.end()
    const rowCount = this.#rowCount
    if (rowCount === undefined) this.#done.reject(violation('it did not complete a COPY'))
    else this.#done.resolve({ command: 'COPY', rowCount, rows: [] })
  }

  handleError(error: Error): void {
    noteValues(error)
    if (isServerError(error) && leavesNothing(error)) this.#refused = true
    this.end()
    this.#done.reject(error)
  }

  async run(signal: AbortSignal): Promise<PgResult> {
    const discard = (): void => this.#discard()
    signal.addEventListener('abort', discard, { once: true })
    try {
      return await this.#done.promise
    } finally {
      signal.removeEventListener('abort', discard)
    }
  }

  /** The messages since the last call, one for each row; `undefined` after the last. */
  async take(): Promise<readonly Buffer[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#isOver) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const taken = this.#waiting
    this.#waiting = []
    this.#size = 0
    this.#connection?.stream.resume()
    return taken
  }

  /** Nothing more will come. */
  end(): void {
    this.callback()
    this.#isOver = true
    this.#wake?.()
  }

  #discard(): void {
    this.#discards = true
    this.#waiting = []
    this.#connection?.stream.resume()
  }
}
