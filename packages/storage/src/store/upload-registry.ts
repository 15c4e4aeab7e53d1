/** How many uploads that could not be removed are remembered. */
const MOST_ORPHANS = 1_000

/** The multipart uploads of one storage: those under way, and those that could not be removed. */
export class UploadRegistry {
  readonly #running: Set<string> = new Set()
  readonly #orphans: Map<string, string> = new Map()

  /** Whether this storage is working on the upload. */
  isRunning(uploadId: string): boolean {
    return this.#running.has(uploadId)
  }

  /** The uploads that could not be removed: upload id and key. */
  get orphans(): readonly (readonly [uploadId: string, key: string])[] {
    return [...this.#orphans]
  }

  begin(uploadId: string): void {
    this.#running.add(uploadId)
  }

  /** Call it when the upload is completed or removed. */
  end(uploadId: string): void {
    this.#running.delete(uploadId)
    this.#orphans.delete(uploadId)
  }

  /** Call it when the upload could not be removed. */
  orphan(uploadId: string, key: string): void {
    this.#running.delete(uploadId)
    if (this.#orphans.size < MOST_ORPHANS) this.#orphans.set(uploadId, key)
  }
}
