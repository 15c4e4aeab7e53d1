export { Cancelled, type CancelledInit, type CancelSource, isCausedBy } from './scopes/cancelled.ts'
export { cancelScope, type CancelScopeOptions } from './scopes/cancel-scope.ts'
export { checkpoint, currentSignal } from './scopes/checkpoint.ts'
export { type Clock, currentClock, type Timer } from './scopes/clock.ts'
export { throwIfCancelled } from './scopes/current-scope.ts'
export { describeValue } from './arguments/describe-value.ts'
export { detached } from './scopes/detached.ts'
export type { UnheardFailure } from './scopes/failure-warning.ts'
export {
  gather,
  type Gathered,
  type GatherOptions,
  type Settled,
  type Thunk,
} from './tasks/gather.ts'
export { io } from './boundary/io.ts'
export type { IoCall, IoOptions, IoProgress } from './boundary/io-call.ts'
export { IoError, type IoErrorInit } from './boundary/io-error.ts'
export type { IoEvent } from './boundary/io-trace.ts'
export type { Leftover } from './scopes/leftover.ts'
export { LeftoverError } from './scopes/leftover-error.ts'
export { hasMark, mark } from './scopes/marker.ts'
export { moveOnAfter, type MovedOn } from './scopes/move-on-after.ts'
export { type Effect, isRetryable, type Outcome, outcomeOf } from './scopes/outcome.ts'
export { remaining } from './scopes/remaining.ts'
export { run, type RunOptions } from './scopes/run.ts'
export type { CancelScope } from './scopes/scope.ts'
export type { ScopeKind } from './scopes/scope-kind.ts'
export { shield, type ShieldOptions } from './scopes/shield.ts'
export { sleep } from './scopes/sleep.ts'
export { Task, type TaskState } from './tasks/task.ts'
export {
  type SpawnOptions,
  taskGroup,
  type TaskGroup,
  type TaskGroupOptions,
} from './tasks/task-group.ts'
export { TimeoutError, type TimeoutErrorInit } from './scopes/timeout-error.ts'
export { type TimeoutOptions, withTimeout } from './scopes/timeout.ts'
export { withDeadline } from './scopes/with-deadline.ts'
