/**
 * Reuses the memory of parts. Left to the garbage collector, the parts of a fast upload would pile up
 * faster than it runs.
 */
export class PartBuffers {
  readonly #bytes: number
  readonly #most: number
  #free: ArrayBufferLike[] = []
  readonly #own: WeakSet<ArrayBufferLike> = new WeakSet()

  /**
   * @param bytes the size of a part; buffers of other sizes are not kept
   * @param most how many are kept
   */
  constructor(bytes: number, most: number) {
    this.#bytes = bytes
    this.#most = most
  }

  take(size: number): Buffer {
    if (size !== this.#bytes) return Buffer.allocUnsafeSlow(size)
    const free = this.#free.pop()
    if (free !== undefined) return Buffer.from(free)
    const made = Buffer.allocUnsafeSlow(size)
    this.#own.add(made.buffer)
    return made
  }

  /**
   * Takes back the memory of a part, once it is no longer being read: only after its request has
   * succeeded, as of one that was cut off the connection may still hold it. Ignores what is not ours.
   */
  give(part: Uint8Array): void {
    const { buffer } = part
    if (!this.#own.has(buffer) || this.#free.includes(buffer)) return
    if (this.#free.length < this.#most) this.#free.push(buffer)
  }

  /** Drops all buffers. */
  clear(): void {
    this.#free = []
  }
}
