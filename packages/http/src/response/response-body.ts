import { currentSignal, throwIfCancelled } from '@yuzuru/concurrency'

/** What fills a body; it can be asked to go on and to stop. */
export interface BodySource {
  /** The reader has taken what was there, and wants more if `more`. */
  taken(more: boolean): void
  /** Nobody wants the rest: ends the connection. Rejects what is waiting with `reason`. */
  abort(reason: unknown): void
}

interface Waiter {
  readonly resolve: (chunk: Uint8Array | undefined) => void
  readonly reject: (error: unknown) => void
}

/** How many bytes are kept for a reader that does not come, before the server is made to wait. */
const HIGH_WATER_BYTES = 128 * 1024

/** The bytes of an answer between the connection and its one reader. */
export class ResponseBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource
  #chunks: Uint8Array[] = []
  #first = 0
  #buffered = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined = undefined
  #waiter: Waiter | undefined = undefined
  /** Whether reading has begun. */
  begun = false

  constructor(source: BodySource) {
    this.#source = source
  }

  /** Whether all of it has come. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether all of it has come, and nothing went wrong with it. */
  get complete(): boolean {
    return this.#ended && this.#failure === undefined
  }

  get buffered(): number {
    return this.#buffered
  }

  /** Takes bytes in. `false`: the source should wait for `resume`. */
  push(chunk: Uint8Array): boolean {
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = undefined
      waiter.resolve(chunk)
      return true
    }
    this.#chunks.push(chunk)
    this.#buffered += chunk.byteLength
    return this.#buffered < HIGH_WATER_BYTES
  }

  end(): void {
    this.#ended = true
    this.#waiter?.resolve(undefined)
    this.#waiter = undefined
  }

  /** Cuts the body off: what has come can still be read, then `error` is thrown. */
  cut(error: unknown): void {
    this.#failure ??= { error }
  }

  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#ended) return
    this.#failure = { error }
    this.#chunks = []
    this.#first = 0
    this.#buffered = 0
    this.#waiter?.reject(error)
    this.#waiter = undefined
  }

  /** The next bytes; `undefined` at the end. Bound by the scope of its reader. */
  async read(): Promise<Uint8Array | undefined> {
    this.begun = true
    throwIfCancelled()
    const chunk = this.#take()
    if (chunk !== undefined) return chunk
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended) return undefined
    if (this.#waiter !== undefined) {
      throw new TypeError('Expected one reader of the body, got two at once')
    }
    return await this.#wait(currentSignal())
  }

  /** All bytes that have come, in one piece, left where they are. Only when it has ended. */
  whole(): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#first > 0)
      throw new TypeError('Expected an unread body, got one that was read in part')
    if (this.#chunks.length !== 1) {
      this.#chunks = [Buffer.concat(this.#chunks, this.#buffered)]
    }
    return this.#chunks[0] ?? new Uint8Array()
  }

  /** Gives up on the rest. */
  destroy(reason: unknown): void {
    if (!this.#ended && this.#failure === undefined) this.#source.abort(reason)
  }

  /** Reads on from where it is; leaving the loop early ends the connection. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined, undefined> {
    return {
      next: async () => {
        const value = await this.read()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        this.destroy(
          new TypeError('Expected the body to be read on, got a reader that had stopped'),
        )
        return { done: true, value: undefined }
      },
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#first]
    if (chunk === undefined) return undefined
    this.#first += 1
    this.#buffered -= chunk.byteLength
    if (this.#first === this.#chunks.length) {
      this.#chunks = []
      this.#first = 0
    }
    if (!this.#ended) this.#source.taken(this.#buffered === 0)
    return chunk
  }

  #wait(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.#waiter = { resolve, reject }
      } else {
        const abort = (): void => this.#source.abort(signal.reason)
        signal.addEventListener('abort', abort, { once: true })
        this.#waiter = {
          resolve: (chunk) => {
            signal.removeEventListener('abort', abort)
            resolve(chunk)
          },
          reject: (error) => {
            signal.removeEventListener('abort', abort)
            reject(error)
          },
        }
      }
      this.#source.taken(true)
    })
  }
}
