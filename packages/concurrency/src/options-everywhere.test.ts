import { describe, expect, test } from 'vitest'
import * as boundary from './boundary.ts'
import * as core from './index.ts'
import * as inspect from './inspect.ts'
import * as tasks from './tasks.ts'
import * as job from './job.ts'
import * as otel from './otel.ts'
import * as processes from './processes.ts'
import * as resilience from './resilience.ts'
import * as sync from './sync.ts'
import * as testing from './testing.ts'
import * as threads from './threads.ts'

/** An option with a slip of the pen, which JavaScript would pass over. */
type Misspelt = never

const fn = (): number => 1
const module = new URL('../test/executor-jobs.ts', import.meta.url)

/** Each public function or class that takes options, and each method that does. */
const takers: Readonly<Record<string, (options: Misspelt) => unknown>> = {
  admission: (options) => boundary.admission(options),
  asCompleted: (options) => tasks.asCompleted([fn], options),
  assertNoLeaks: (options) => testing.assertNoLeaks(fn, options),
  backoff: (options) => boundary.backoff(options),
  Barrier: (options) => new sync.Barrier(1, options),
  BoundedSemaphore: (options) => new sync.BoundedSemaphore(1, options),
  cancelEverywhere: (options) => testing.cancelEverywhere(fn, options),
  cancelScope: (options) => core.cancelScope(fn, options),
  circuitBreaker: (options) => resilience.circuitBreaker(options),
  closing: (options) => boundary.closing(options),
  'closing.close': (options) => life.close(options),
  Condition: (options) => new sync.Condition(options),
  enterScope: (options) => boundary.enterScope(options),
  Event: (options) => new sync.Event(options),
  formatTaskTree: (options) => inspect.formatTaskTree(options),
  exerciseHostileTexts: (options) => testing.exerciseHostileTexts(options),
  exerciseOptions: (options) => testing.exerciseOptions(options),
  exerciseOutcomes: (options) => testing.exerciseOutcomes({} as never, options),
  gather: (options) => core.gather([fn], options),
  io: (call) => core.io(call, {}, fn),
  LifoQueue: (options) => new sync.LifoQueue(options),
  Lock: (options) => new sync.Lock(options),
  mapConcurrent: (options) => tasks.mapConcurrent([1], fn, options),
  moveOnAfter: (options) => core.moveOnAfter(1, fn, options),
  otel: (options) => otel.otel(options),
  PriorityQueue: (options) => new sync.PriorityQueue(options),
  processes: (options) => processes.processes(options),
  'processes.run': (options) => using(processes.processes({ module }), options),
  Queue: (options) => new sync.Queue(options),
  'Queue.shutdown': (options) => new sync.Queue().shutdown(options),
  QueueCore: (options) => new sync.QueueCore({} as never, options),
  rateLimiter: (options) => resilience.rateLimiter(options),
  retry: (options) => resilience.retry(fn, options),
  retryBudget: (options) => resilience.retryBudget(options),
  run: (options) => core.run(fn, options),
  Semaphore: (options) => new sync.Semaphore(1, options),
  shield: (options) => core.shield(fn, options),
  singleFlight: (options) => resilience.singleFlight(fn, options),
  spawn: (options) => core.taskGroup((group) => void group.spawn(fn, options)).catch(onlyOf),
  taskGroup: (options) => core.taskGroup(fn, options),
  taskTree: (options) => inspect.taskTree(options),
  threads: (options) => threads.threads(options),
  'threads.run': (options) => using(threads.threads({ module }), options),
  wait: (options) => tasks.wait([], options),
  watchEventLoop: (options) => inspect.watchEventLoop(options),
  withDeadline: (options) => core.withDeadline(new Date(), fn, options),
  withTimeout: (options) => core.withTimeout(1, fn, options),
  workers: (options) => tasks.workers(new sync.Queue(), 1, fn, options),
}

/** Those that take none. */
const others = `
  BrokenBarrierError Cancelled isCausedBy isMissingTable hasNoTransaction checkpoint currentSignal isOutage CircuitOpenError currentClock
  throwIfCancelled describeValue detached IoError LeftoverError hasMark mark isRetryable outcomeOf
  QueueShutDown remaining sleep Task TimeoutError printTaskTreeOn trackWaits installClock systemClock
  TestClock jobScope moved ExecutorError WorkerCrashed expected expectFunction expectInteger expectOptions
  expectText IO_OPTIONS isSecretName REDACTED Redaction SecretSpellings expectBoolean expectEffect expectHost
  expectLine expectMilliseconds expectNumber expectObject expectOneOf expectRequiredOptions onCancel oneCall isFromThisMachine isOwnPage requestSourceOf preferredLanguage orAborted withPlainFailure
  retryAfterMs codeOfStatus outcomeOfStatus raiseOutcome TRANSIENT_STATUSES HOSTILE_SQL casesOf fieldOf isOf messageOf
  partsWithin Ring inBackground isInBackground isJobTraced traceEnqueue traceJob`

const faces = {
  '': [boundary, core, inspect, job, otel, processes, resilience, sync, tasks, testing, threads],
}

describe('a misspelt option is refused by', () => {
  const cases = testing.exerciseOptions({ takers, others, faces })
  for (const { name, run } of cases) test(name, run)
})

test.each([
  'admission',
  'closing',
  'exerciseHostileTexts',
  'exerciseOptions',
  'io',
  'mapConcurrent',
  'PriorityQueue',
  'rateLimiter',
])('%s says so where what it cannot do without is left out', async (name) => {
  const without = async (): Promise<unknown> => await takers[name]?.(undefined as never)
  await expect(without()).rejects.toThrow(/^Expected /)
})

const life = boundary.closing({ name: 'x', refuse: () => new Error(), end: () => undefined })

function onlyOf(error: AggregateError): never {
  throw error.errors[0]
}

async function using(executor: threads.Executor, options: Misspelt): Promise<void> {
  await using closing = executor
  await closing.run({ name: 'add', args: [1, 2] }, options)
}
