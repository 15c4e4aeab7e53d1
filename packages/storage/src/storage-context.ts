import {
  Cancelled,
  detached,
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  isCausedBy,
  TimeoutError,
} from '@yuzuru/concurrency'
import type { ByteBudget } from './byte-budget.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { failure, type Subject } from './failure.ts'
import type { ObjectBackend } from './object-backend.ts'
import type { PartBuffers } from './part-buffers.ts'
import { StorageError } from './storage-error.ts'
import type { UploadRegistry } from './upload-registry.ts'

/** What all verbs of one storage share. */
export interface StorageContext<Client = unknown> {
  readonly backend: ObjectBackend<Client>
  readonly budget: ByteBudget
  readonly buffers: PartBuffers
  readonly partBytes: number
  readonly algorithm: ChecksumAlgorithm
  readonly uploads: UploadRegistry
  /** What the tokens of uploads are sealed with. @default the secret access key */
  readonly tokenSecret?: string | undefined
  /** Whether `close()` was called. */
  readonly isClosed: () => boolean
}

/** The door of every verb: see `io`. */
export async function callStore<T>(
  context: StorageContext,
  subject: Subject,
  effect: Effect,
  options: IoOptions | undefined,
  fn: (signal: AbortSignal, progress: IoProgress) => Promise<T>,
): Promise<T> {
  const { backend, isClosed } = context
  const { operation } = subject
  const call = { boundary: 'storage', operation, effect }
  return await io(call, options, async (signal, progress) => {
    if (isClosed()) throw failure(subject, 'closed', { outcome: 'none' })
    // Then the transport below tells the scope when something went out.
    if (backend.tellsWhenSent) progress.sent = false
    try {
      return await fn(signal, progress)
    } catch (error) {
      if (isCausedBy(error, signal.reason)) throw error
      // Here and not by `io`, which leaves the transport's own `HttpError` as it is.
      const failed = translated(context, subject, effect, error)
      // A verb knows more than the requests within it: what the store said, and what was taken back.
      if (StorageError.isInstance(failed)) progress.outcome = failed.outcome
      throw failed
    }
  })
}

/** Makes the package's own error of what a backend threw; one that says enough stays as it is. */
export function translated(
  { backend }: StorageContext,
  subject: Subject,
  effect: Effect,
  error: unknown,
): Error {
  if (StorageError.isInstance(error) || Cancelled.isInstance(error)) return error
  if (TimeoutError.isInstance(error) || error instanceof TypeError) return error
  return backend.translate(subject, effect, error)
}

/**
 * Calls `fn` such that what it sends does not count as an effect of the scope around it: the parts of
 * an upload that is undone as a whole. It obeys the signal that it is given, and nothing else.
 */
export function uncounted<T>(fn: () => Promise<T>): Promise<T> {
  return detached(fn)
}
