/** What the bytes of an upload come from. */
export type OpenBody = MemoryBody | FilledBody | PulledBody

/** A body that is in memory anyway. */
interface MemoryBody {
  readonly whole: Uint8Array
}

/** A body that is read into memory which is there already: a file. */
export interface FilledBody {
  /** How long it is, in bytes. */
  size(): Promise<number>
  /** Reads the next bytes; gives how many, 0 at the end. */
  readInto(target: Uint8Array): Promise<number>
  /** Ends it, once no read is under way any more. */
  discard(): void
}

/** A body that comes in chunks of its own. */
interface PulledBody {
  /** In bytes; `undefined`: not known before its end. */
  readonly length: number | undefined
  /** Begins to read it. */
  open(): AsyncIterator<Uint8Array | string>
  /** Ends its source, whether it was opened or not. */
  discard(reason: unknown): void
}
