import type { IncomingMessage } from 'node:http'
import {
  expected,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectObject,
} from '@yuzuru/concurrency/boundary'
import { type LimitOption, type LimitSetting, limitSetting } from '../overload/limit-option.ts'
import { expectPriority, type RequestPriority } from '../overload/request-priority.ts'
import { type BudgetOptions, budgetReader, type ReadBudget } from './budget.ts'
import type { RequestLog } from './request-log.ts'
import { leave } from './is-thenable.ts'
import { routeName } from './route-name.ts'

/** How long requests under way may go on by default once a server is closed, in milliseconds. */
export const DRAIN_MS = 7_000

/** What each request may take, and how it is named and logged. */
export interface RequestScopeOptions {
  /** The longest that any request may take, in milliseconds from 1 up; `Infinity` for ever. @default 30_000 */
  readonly maxRequestMs?: number | undefined
  /**
   * How long a handler may take to end after its deadline, and work after an answer once the server ends, in
   * milliseconds from 0 up. Then the answer is 504 without it, and the rest is reported. @default 1_000
   */
  readonly graceMs?: number | undefined
  /** Which clients may set the deadline of their requests. @default none */
  readonly budget?: BudgetOptions | undefined
  /**
   * How many requests may run at once: an integer from 1 up, or `'adaptive'` for as many as the server can
   * carry, learnt from how long they take and from the event loop's delay; `{ adaptive: { min, max } }`
   * bounds that. @default 1_000
   */
  readonly limit?: LimitOption | undefined
  /**
   * How many more may wait, each until its own deadline: an integer from 0 up. If more come, the one that
   * waits longest gets 503, the least urgent first, and the newest goes first until nothing waits any more.
   * @default 1_000; with an adaptive limit, half as many as may run
   */
  readonly queue?: number | undefined
  /**
   * How urgent a request is: `'probe'` never waits, `'interactive'` goes before `'batch'`. With more urgent
   * ones that never end, batch requests wait until their deadline. @default `'interactive'` for all
   */
  readonly priority?: ((request: IncomingMessage) => RequestPriority) | undefined
  /**
   * The name of a request's scope, in the task tree, errors and the log. It should be the same for all
   * requests of a kind. @default `GET /plans/:id`, by its method and path
   */
  readonly name?: ((request: IncomingMessage) => string) | undefined
  /** Where a line a request goes. @default nowhere */
  readonly log?: RequestLog | undefined
}

/** Options with their defaults, checked. */
export interface RequestSettings {
  readonly maxRequestMs: number
  readonly graceMs: number
  readonly readBudget: ReadBudget
  readonly limit: LimitSetting
  /** What the limit says, if it is not said. */
  readonly queue: number | undefined
  readonly priority: (request: IncomingMessage) => RequestPriority
  readonly name: (request: IncomingMessage) => string
  readonly log: RequestLog | undefined
}

/** The names of {@link RequestScopeOptions}. */
export const REQUEST_SCOPE_OPTIONS: readonly string[] = Object.keys({
  maxRequestMs: true,
  graceMs: true,
  budget: true,
  limit: true,
  queue: true,
  priority: true,
  name: true,
  log: true,
} satisfies Record<keyof RequestScopeOptions, true>)

/** @throws {TypeError} when a value is out of its range or has the wrong type */
export function requestSettings(options: RequestScopeOptions): RequestSettings {
  const { maxRequestMs = 30_000, graceMs = 1_000 } = options
  const limit = limitSetting(options.limit ?? 1_000)
  const { queue = typeof limit === 'number' ? 1_000 : undefined } = options
  const { priority } = options
  const { name = nameOf, log } = options
  expectMilliseconds('maxRequestMs', maxRequestMs, 1)
  expectMilliseconds('graceMs', graceMs)
  if (queue !== undefined) expectInteger('queue', queue, 0, Infinity)
  if (priority !== undefined) expectFunction('priority', priority)
  expectFunction('name', name)
  if (log !== undefined) expectLog(log)
  const readBudget = budgetReader(options.budget)
  const priorityOf =
    priority === undefined
      ? (): RequestPriority => 'interactive'
      : (request: IncomingMessage): RequestPriority => {
          const given = priority(request)
          if (typeof given !== 'string') leave(given)
          return expectPriority(given)
        }
  return { maxRequestMs, graceMs, readBudget, limit, queue, priority: priorityOf, name, log }
}

function expectLog(log: RequestLog): void {
  expectObject('log', log)
  if (typeof log.info !== 'function') throw expected('log to have a function "info"', log)
}

/** The name that a request has by default. */
export function nameOf({ method = '', url = '' }: IncomingMessage): string {
  return routeName(method, url)
}
