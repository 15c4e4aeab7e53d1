/** How many kinds and queues a worker names: with fewer those are all. */
export const MOST_NAMES = 100

/** One thing that a handler waits for. */
export interface ReportedWait {
  /** `'db query'`, `'semaphore "smtp", 3rd in line'`. */
  readonly what: string
  /** For how long, in milliseconds, where that is known. */
  readonly forMs?: number | undefined
}

/** What a worker says of a job whose handler runs. */
export interface RunningReport {
  readonly id: string
  /** The steps that it has asked for and that have not finished. */
  readonly steps: readonly string[]
  readonly waits: readonly ReportedWait[]
}

/** What a worker says of itself with each heartbeat, for those who look. */
export interface WorkerReport {
  readonly concurrency: number
  readonly queues: readonly string[]
  /** The kinds that it runs. */
  readonly kinds: readonly string[]
  /** How many handlers run. */
  readonly running: number
  /** The first of them to have begun, up to fifty. */
  readonly jobs: readonly RunningReport[]
}
