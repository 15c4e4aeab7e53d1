/** How much a COPY moved. */
export interface CopyProgress {
  /** The rows; `undefined` for raw bytes that are under way, whose rows are not counted. */
  readonly rows: number | undefined
  /** The bytes of COPY's own format. */
  readonly bytes: number
}

/** What a COPY did. */
export interface CopyResult {
  /** As the server counted. */
  readonly rows: number
  /** The bytes of COPY's own format. */
  readonly bytes: number
}
