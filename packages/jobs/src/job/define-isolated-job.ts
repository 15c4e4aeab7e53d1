import { expected, expectOneOf, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { defineJob, JOB_OPTIONS, type JobOptions } from './define-job.ts'
import type { IsolatedHandler } from './isolated-context.ts'
import { fileUrlOf, type IsolatedKind, type RunIn } from './isolated-kind.ts'
import type { Job } from './job.ts'
import { isolationOf } from './runs-on.ts'

/** A module with a handler under that name. */
export type HandlerModule<K extends string> = { readonly [N in K]: IsolatedHandler }

/** What {@link defineIsolatedJob} takes. */
export type IsolatedJobOptions<
  Input,
  Output = Input,
  Result = void,
  K extends string = 'run',
> = Omit<JobOptions<Input, Output, Result>, 'run' | 'mode'> & {
  /**
   * - `'thread'`: for what computes for long and would hold up the worker's event loop. What ends the whole process (a
   *   native crash) ends the worker with it.
   * - `'process'`: also for what crashes, calls `process.exit`, or takes all the memory. It costs more.
   */
  readonly runIn: RunIn
  /**
   * The module that exports the handler, JavaScript or TypeScript that Node can strip the types of: a `file:` URL or an
   * absolute path. It is loaded in each thread or process, so it should load little, and start no worker.
   */
  readonly module: URL | string
} & ('run' extends K
    ? {
        /** The name of the export that is the handler. @default 'run' */
        readonly handler?: K | undefined
      }
    : {
        /** The name of the export that is the handler. */
        readonly handler: K
      })

/** What a handler in a module takes. */
type PayloadOf<M, K extends keyof M> = M[K] extends (
  payload: infer Payload,
  ...rest: never[]
) => unknown
  ? Payload
  : never

/** What it gives. */
type ResultOf<M, K extends keyof M> = M[K] extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : never

const ISOLATED_OPTIONS = [
  ...JOB_OPTIONS.filter((name) => name !== 'run' && name !== 'mode'),
  'runIn',
  'module',
  'handler',
]

/**
 * Defines a kind of job whose handler runs in a thread or a process of its own, so that one that computes for long, crashes
 * or never ends does not take the worker with it. The rest is as of `defineJob`: the payload is checked in the worker, and
 * so is the result.
 *
 * The handler is an export of a module, which takes the payload and an {@link IsolatedContext}: the cancel and the deadline
 * reach it there, and its `progress` comes back. When it is to end (`timeoutMs`, `cancelJob`, a lost lease, the shutdown) and
 * has not after `graceMs` of the worker, its thread or process is killed, and only that. One that crashes fails the attempt
 * with `'handler_crashed'`, and that one alone. No process is left behind, also when the worker itself is killed.
 *
 * A worker runs as many at once as it has `threads` and `processes`, beside its `concurrency`, and takes no more of them than
 * it has a place for. Needs the package `piscina` for threads, `tinypool` for processes.
 *
 * Not for what uses the database of the worker: there are no `step`, `tx`, `completeIn`, `dependencies` and `snooze` there,
 * which is a `TypeError`. Not for what waits for I/O: that blocks nothing.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * // render-report.ts: export async function run(payload: { planId: string }, context: IsolatedContext) { … }
 * const renderReport = defineIsolatedJob<typeof import('./render-report.ts')>({
 *   name: 'render-report',
 *   runIn: 'process',
 *   module: new URL('./render-report.ts', import.meta.url),
 *   timeoutMs: 60_000,
 * })
 * await enqueue(db, renderReport, { planId })
 */
export function defineIsolatedJob<
  M extends HandlerModule<K>,
  K extends string = 'run',
  Input = PayloadOf<M, K>,
>(
  options: IsolatedJobOptions<Input, PayloadOf<M, K>, ResultOf<M, K>, K>,
): Job<Input, PayloadOf<M, K>, ResultOf<M, K>>
export function defineIsolatedJob(
  options: IsolatedJobOptions<unknown, unknown, unknown, string>,
): Job {
  expectRequiredOptions(options, ISOLATED_OPTIONS, 'defineIsolatedJob')
  const { runIn, module, handler = 'run', ...rest } = options
  expectOneOf('runIn', runIn, ['thread', 'process'])
  const url = fileUrlOf(module)
  if (typeof handler !== 'string' || handler === '') {
    throw expected('handler to be the name of an export', handler)
  }
  const job: Job = defineJob<unknown, unknown>({
    ...rest,
    run: async (payload, context) => {
      const isolation = isolationOf(context)
      if (isolation !== undefined) {
        if (job.schema !== undefined) expectSendable(job.name, payload)
        return await isolation.run(kind, payload, context)
      }
      throw new TypeError(`Expected "${kind.name}" to be run by a worker, got a call of its run`)
    },
  })
  const kind: IsolatedKind = Object.freeze({
    name: job.name,
    runIn,
    module: url,
    handler,
  })
  return Object.freeze({ ...job, isolated: kind })
}

/** What is stored of a payload is JSON; what its schema makes of it may be anything. */
function expectSendable(name: string, payload: unknown): void {
  try {
    structuredClone(payload)
  } catch {
    throw new TypeError(
      `Expected the payload of "${name}", as its schema makes it, to be serialisable`,
    )
  }
}
