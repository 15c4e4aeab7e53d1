import type { IncomingMessage } from 'node:http'
import {
  expected,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectObject,
} from '@yuzuru/concurrency/boundary'
import { type BudgetOptions, budgetReader, type ReadBudget } from './budget.ts'
import type { RequestLog } from './request-log.ts'
import { routeName } from './route-name.ts'

export interface RequestScopeOptions {
  /** The longest that any request may take, in milliseconds from 1 up; `Infinity` for ever. @default 30_000 */
  readonly maxRequestMs?: number | undefined
  /**
   * How long a handler may take to end after its deadline, in milliseconds from 0 up. Then the answer is 504
   * without it. @default 1_000
   */
  readonly graceMs?: number | undefined
  /** Whose deadlines are obeyed. @default nobody's */
  readonly budget?: BudgetOptions | undefined
  /** How many requests may run at once: an integer from 1 up. @default 1_000 */
  readonly limit?: number | undefined
  /** How many more may wait, each until its own deadline: an integer from 0 up. @default 1_000 */
  readonly queue?: number | undefined
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
  readonly limit: number
  readonly queue: number
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
  name: true,
  log: true,
} satisfies Record<keyof RequestScopeOptions, true>)

/** @throws {TypeError} on values that are none */
export function requestSettings(options: RequestScopeOptions): RequestSettings {
  const { maxRequestMs = 30_000, graceMs = 1_000, limit = 1_000, queue = 1_000 } = options
  const { name = nameOf, log } = options
  expectMilliseconds('maxRequestMs', maxRequestMs, 1)
  expectMilliseconds('graceMs', graceMs)
  expectInteger('limit', limit, 1, Infinity)
  expectInteger('queue', queue, 0, Infinity)
  expectFunction('name', name)
  if (log !== undefined) expectLog(log)
  const readBudget = budgetReader(options.budget)
  return { maxRequestMs, graceMs, readBudget, limit, queue, name, log }
}

function expectLog(log: RequestLog): void {
  expectObject('log', log)
  if (typeof log.info !== 'function') throw expected('log to have a function "info"', log)
}

/** The name that a request has by default. */
export function nameOf({ method = '', url = '' }: IncomingMessage): string {
  return routeName(method, url)
}
