import type { ServerResponse } from 'node:http'

/** How much of one body is read before its handler reads, in bytes: as much as a body may have by default. */
const MOST = 1_048_576

/** How much of all bodies of this process, in bytes. */
const MOST_OF_ALL = 33_554_432

/** What a chunk takes beside its bytes: a body may come in chunks of one byte each. */
const CHUNK_BYTES = 512

let heldOfAll = 0

/**
 * What is read of a body before its handler asks for it. That a client has gone is behind what it sent, and the system
 * tells nobody of a connection that is not read. So a body is read up to a bound, whether or not the handler reads.
 */
export class ReadAhead {
  readonly #response: ServerResponse
  #held = 0
  #isWatched = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /**
   * Notes a chunk that nobody has asked for yet.
   *
   * @returns whether to read on
   */
  take({ length }: Buffer): boolean {
    const bytes = length + CHUNK_BYTES
    if (this.#held + bytes > MOST || heldOfAll + bytes > MOST_OF_ALL) return false
    if (this.#response.closed) return false
    if (!this.#isWatched) {
      this.#isWatched = true
      this.#response.once('close', () => this.giveBack())
    }
    this.#held += bytes
    heldOfAll += bytes
    return true
  }

  /** To be called when the handler has read what there was, or will not read any more. */
  giveBack(): void {
    heldOfAll -= this.#held
    this.#held = 0
  }
}
