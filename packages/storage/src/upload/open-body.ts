/** Where the bytes of an upload come from. */
export type OpenBody = MemoryBody | FilledBody | PulledBody

/** A body that is in memory. */
interface MemoryBody {
  readonly whole: Uint8Array
}

/** A body that is read into given memory: a file. */
export interface FilledBody {
  /** How long it is, in bytes. */
  size(): Promise<number>
  /** Reads the next bytes and returns how many, 0 at the end. */
  readInto(target: Uint8Array): Promise<number>
  /** Closes it, once no read is under way. */
  discard(): void
}

/** A body that comes in chunks of its own. */
interface PulledBody {
  /** Its length in bytes; `undefined` if it is not known before the end. */
  readonly length: number | undefined
  /** Begins to read it. */
  open(): AsyncIterator<Uint8Array | string>
  /** Ends its source, whether it was opened or not. */
  discard(reason: unknown): void
}
