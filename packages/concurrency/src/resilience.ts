export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  isOutage,
} from './resilience/circuit-breaker.ts'
export { CircuitOpenError } from './resilience/circuit-open-error.ts'
export {
  rateLimiter,
  type RateLimiter,
  type RateLimiterOptions,
} from './resilience/rate-limiter.ts'
export { retry, type RetryOptions } from './resilience/retry.ts'
export {
  retryBudget,
  type RetryBudget,
  type RetryBudgetOptions,
} from './resilience/retry-budget.ts'
export {
  singleFlight,
  type SingleFlight,
  type SingleFlightOptions,
} from './resilience/single-flight.ts'
