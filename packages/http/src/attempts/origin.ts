import { type CircuitBreaker, type RetryBudget, retryBudget } from '@yuzuru/concurrency/resilience'
import { type ConnectionSettings, OriginConnections } from '../connections/origin-connections.ts'
import { createBreaker, type HttpBreakerOptions } from './breaker.ts'
import type { RetryPolicy } from './retry-policy.ts'

export interface OriginSettings extends ConnectionSettings {
  readonly retry: RetryPolicy | undefined
  readonly breaker: HttpBreakerOptions | undefined
}

/** What the calls to one origin share. */
export class Origin {
  readonly name: string
  readonly connections: OriginConnections
  /** Keeps the repeats and hedges of all calls a fraction of the load. */
  readonly budget: RetryBudget | undefined
  readonly breaker: CircuitBreaker | undefined

  constructor(name: string, settings: OriginSettings) {
    const { retry, breaker } = settings
    this.name = name
    this.connections = new OriginConnections(name, settings)
    this.budget = retry && retryBudget({ ratio: retry.budgetRatio, reserve: retry.budgetReserve })
    this.breaker = breaker && createBreaker(name, breaker)
  }
}
