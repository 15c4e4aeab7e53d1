import type { IoOptions } from '@yuzuru/concurrency'
import type { CallContext } from '../errors/call-context.ts'
import type { RedirectMode } from '../request/http-init.ts'
import type { RetryWhen } from '../request/retry-when.ts'
import type { RequestBody } from '../request/request-body.ts'

/** Which part of the answer the call waits for. */
export type Mode = 'request' | 'json' | 'stream'

/** A call, checked, with everything that its attempts share. */
export interface PreparedCall {
  readonly context: CallContext
  readonly body: RequestBody | undefined
  /** The body as it was given: what of it comes back in an answer is not shown. */
  readonly given: RequestBody | undefined
  /** Whether it can be sent more than once at all. */
  readonly replayable: boolean
  readonly redirect: RedirectMode
  readonly maxBytes: number
  /** How long each attempt may wait for a connection, in milliseconds. */
  readonly acquireTimeoutMs: number
  readonly decompress: boolean
  readonly acceptStatus: (status: number) => boolean
  /** False: it is tried once. Else its own word on which answers are worth a repeat, or the client's. */
  readonly retry: RetryWhen | false | undefined
  readonly mode: Mode
  readonly options: IoOptions
  /**
   * When its caller stops waiting, on the clock in force: of a `stream`, whose time limit covers the head
   * alone. `undefined`: it is what the scope around the sending says.
   */
  readonly patience: number | undefined
  /** When a body that is read after the call must have come. */
  readonly deadline: { readonly at: number; readonly timeoutMs: number } | undefined
}
