import { moveOnAfter } from '@yuzuru/concurrency'

/** How much of a refused body is read and discarded, and for how long. */
const MAX_BYTES = 64 * 1_024 * 1_024
const DRAIN_MS = 10_000

/**
 * The body of a request. Unlike the stream itself it can be given up in the middle without cutting the
 * connection, so that a refused sender still gets the answer: {@link drain} then reads away what is left.
 */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #ended = false

  constructor({ body }: Request) {
    this.#reader = body?.getReader()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.#read(); chunk !== undefined; chunk = await this.#read())
      yield chunk
  }

  /** Reads and discards the rest, within limits; beyond them the connection is cut. */
  async drain(): Promise<void> {
    await moveOnAfter(DRAIN_MS, async ({ signal }) => {
      // What is read then comes to its end.
      signal.addEventListener('abort', () => void this.#giveUp(), { once: true })
      await this.#readAway()
    })
    if (!this.#ended) await this.#giveUp()
  }

  async #giveUp(): Promise<void> {
    await this.#reader?.cancel().catch(() => undefined)
  }

  async #readAway(): Promise<void> {
    let bytes = 0
    for await (const chunk of this) {
      bytes += chunk.byteLength
      if (bytes > MAX_BYTES) return
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#ended || this.#reader === undefined) return undefined
    const { done, value } = await this.#reader.read()
    this.#ended = done
    return value
  }
}
