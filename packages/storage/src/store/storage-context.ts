import {
  Cancelled,
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  isCausedBy,
  type Outcome,
  TimeoutError,
} from '@yuzuru/concurrency'
import type { Closing } from '@yuzuru/concurrency/boundary'
import type { ByteBudget } from './byte-budget.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { failure, type ObjectCall } from './failure.ts'
import type { ObjectBackend } from './object-backend.ts'
import type { PartBuffers } from './part-buffers.ts'
import { StorageError } from './storage-error.ts'
import type { UploadRegistry } from './upload-registry.ts'

type Life = Closing<ObjectCall>

/** What all verbs of one storage share. */
export interface StorageContext<Client = unknown> {
  readonly backend: ObjectBackend<Client>
  readonly budget: ByteBudget
  readonly buffers: PartBuffers
  readonly partBytes: number
  readonly algorithm: ChecksumAlgorithm
  readonly uploads: UploadRegistry
  /** The secret that seals the tokens of uploads. @default the secret access key */
  readonly tokenSecret?: string | undefined
  /** The calls under way, for which `close()` waits. */
  readonly life: Life
  /**
   * Whether it belongs to a call under way, whose further steps may begin while the storage is being
   * closed.
   */
  readonly admitted?: boolean
}

/**
 * Every verb goes through here: see `io`. The context that `fn` receives is for the steps that it makes or
 * hands out: they are part of the same call, and may go on while the storage is being closed.
 */
export async function callStore<T>(
  context: StorageContext,
  subject: ObjectCall,
  effect: Effect,
  options: IoOptions | undefined,
  fn: (signal: AbortSignal, progress: IoProgress, within: StorageContext) => Promise<T>,
): Promise<T> {
  const { backend, life } = context
  const { operation } = subject
  const call = { boundary: 'storage', operation, effect }
  const body = async (signal: AbortSignal, progress: IoProgress): Promise<T> => {
    using _call = context.admitted === true ? life.step() : life.enter(subject)
    const within = { ...context, admitted: true }
    // The transport reports to the scope when something is sent.
    if (backend.tellsWhenSent) progress.sent = false
    try {
      return await fn(signal, progress, within)
    } catch (error) {
      if (isCut(life, error)) {
        const sent = backend.tellsWhenSent ? error.outcome : progress.sent && 'unknown'
        const outcome = effect === 'read' ? 'none' : sent || 'none'
        progress.outcome = outcome
        throw cutOff(life, subject, outcome)
      }
      if (isCausedBy(error, signal.reason)) throw error
      // Here and not in `io`, which does not translate the transport's own `HttpError`.
      const failed = translated(context, subject, effect, error)
      // The verb knows more than its requests do: what the store said, and what was undone.
      if (StorageError.isInstance(failed)) progress.outcome = failed.outcome
      throw failed
    }
  }
  try {
    return await io(call, cutBy(life, options), body)
  } catch (error) {
    // The call never began.
    throw isCut(life, error) ? cutOff(life, subject, 'none') : error
  }
}

/** The options of a call, whose signal also fires when the storage cuts off the calls under way. */
function cutBy({ signal: cut }: Life, options: IoOptions | undefined): IoOptions | undefined {
  if (options === undefined) return { signal: cut }
  // `io` reports wrong options.
  if (typeof options !== 'object' || options === null) return options
  const { signal, timeoutMs } = options
  if (signal === undefined) return { signal: cut, timeoutMs }
  if (!(signal instanceof AbortSignal)) return options
  return { signal: AbortSignal.any([signal, cut]), timeoutMs }
}

function cutOff({ signal: cut }: Life, subject: ObjectCall, outcome: Outcome): StorageError {
  return failure(subject, 'closed', { outcome, detail: CUT_OFF, cause: cut.reason })
}

const CUT_OFF = 'it was cut off, as the storage was closed before it had ended'

/**
 * The context for the steps of a list, which is handed out without a call of its own.
 *
 * @throws {StorageError} `'closed'` when the storage is closed and this is not a step of an earlier call
 */
export function admit(context: StorageContext, subject: ObjectCall): StorageContext {
  if (context.admitted === true) return context
  context.life.enter(subject).release()
  return { ...context, admitted: true }
}

function isCut({ signal: cut }: Life, error: unknown): error is Cancelled {
  return cut.aborted && Cancelled.isInstance(error) && error.cause === cut.reason
}

/** Turns an error of a backend into one of the package. Errors of the package stay as they are. */
export function translated(
  { backend }: StorageContext,
  subject: ObjectCall,
  effect: Effect,
  error: unknown,
): Error {
  if (StorageError.isInstance(error) || Cancelled.isInstance(error)) return error
  if (TimeoutError.isInstance(error) || error instanceof TypeError) return error
  return backend.translate(subject, effect, error)
}

/** An object, and the call that is about it. */
export interface ObjectTarget {
  readonly context: StorageContext
  readonly subject: ObjectCall
  readonly key: string
  /** The signal of the call. */
  readonly signal: AbortSignal
}

/**
 * One request within a call. It obeys the scope around it, and has no effect of its own: it reads, or the
 * call undoes it as a whole, like the parts of an upload. So its failure has the outcome `'none'`.
 */
export async function step<T>(
  { context, subject }: Pick<ObjectTarget, 'context' | 'subject'>,
  operation: string,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = { boundary: 'storage', operation, effect: 'read', counts: false } as const
  return await io(call, undefined, async (signal, progress) => {
    try {
      return await fn(signal)
    } catch (error) {
      if (isCausedBy(error, signal.reason)) throw error
      progress.outcome = 'none'
      throw translated(context, subject, 'read', error)
    }
  })
}
