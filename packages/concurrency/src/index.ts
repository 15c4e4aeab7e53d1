export { asCompleted, type AsCompletedOptions } from './as-completed.ts'
export { Barrier, type BarrierOptions } from './barrier.ts'
export { BoundedSemaphore } from './bounded-semaphore.ts'
export { BrokenBarrierError } from './broken-barrier-error.ts'
export { Cancelled, type CancelledInit, type CancelSource, isCausedBy } from './cancelled.ts'
export { cancelScope, type CancelScopeOptions } from './cancel-scope.ts'
export { checkpoint, currentSignal, throwIfCancelled } from './checkpoint.ts'
export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  isOutage,
} from './circuit-breaker.ts'
export { CircuitOpenError } from './circuit-open-error.ts'
export { type Clock, currentClock, type Timer } from './clock.ts'
export { Condition, type ConditionOptions } from './condition.ts'
export { describeValue } from './describe-value.ts'
export { detached } from './detached.ts'
export { Event, type EventOptions } from './event.ts'
export { gather, type Gathered, type GatherOptions, type Settled, type Thunk } from './gather.ts'
export type { QueueHandle } from './heap.ts'
export { io, type IoCall, type IoOptions, type IoProgress } from './io.ts'
export { IoError, type IoErrorInit } from './io-error.ts'
export type { IoEvent } from './io-trace.ts'
export type { Leftover } from './leftover.ts'
export { LeftoverError } from './leftover-error.ts'
export { LifoQueue } from './lifo-queue.ts'
export { Lock, type LockOptions } from './lock.ts'
export { mapConcurrent, type MapConcurrentOptions } from './map-concurrent.ts'
export { hasMark, mark } from './marker.ts'
export { moveOnAfter, type MovedOn } from './move-on-after.ts'
export { type Effect, isRetryable, type Outcome, outcomeOf } from './outcome.ts'
export { PriorityQueue, type PriorityQueueOptions } from './priority-queue.ts'
export { Queue } from './queue.ts'
export { QueueCore, type QueueOptions, type ShutdownOptions } from './queue-core.ts'
export { QueueShutDown } from './queue-shut-down.ts'
export { rateLimiter, type RateLimiter, type RateLimiterOptions } from './rate-limiter.ts'
export { remaining } from './remaining.ts'
export { retry, type RetryOptions } from './retry.ts'
export { retryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts'
export { run, type RunOptions } from './run.ts'
export type { CancelScope, ScopeKind } from './scope.ts'
export { type Permit, Semaphore, type SemaphoreOptions } from './semaphore.ts'
export { shield, type ShieldOptions } from './shield.ts'
export { singleFlight, type SingleFlightOptions } from './single-flight.ts'
export { sleep } from './sleep.ts'
export { Task, type TaskState } from './task.ts'
export {
  type SpawnOptions,
  taskGroup,
  type TaskGroup,
  type TaskGroupOptions,
} from './task-group.ts'
export { TimeoutError, type TimeoutErrorInit } from './timeout-error.ts'
export { type TimeoutOptions, withTimeout } from './timeout.ts'
export { wait, type Waited, type WaitOptions } from './wait-for-tasks.ts'
export { withDeadline } from './with-deadline.ts'
export { workers, type WorkersOptions } from './workers.ts'
