/** A body that was opened: nothing of it has been read yet. */
export type OpenBody = PulledBody | FilledBody

/** A body that comes in chunks of its own. */
export interface PulledBody {
  /** All of it, where it is in memory anyway. */
  readonly whole: Uint8Array | undefined
  /** In bytes; `undefined`: not known before its end. */
  readonly length: number | undefined
  /** Begins to read it. */
  open(): AsyncIterator<Uint8Array | string>
  /** Ends a source that was not opened. */
  discard(reason: unknown): void
}

/** A body that is read into memory which is there already. */
export interface FilledBody {
  readonly whole: undefined
  readonly length: number | undefined
  /** Reads the next bytes; gives how many, 0 at the end. */
  readInto(target: Uint8Array): Promise<number>
  /** Ends it, once no read is under way any more. */
  discard(reason: unknown): void
}
