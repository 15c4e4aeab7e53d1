import { describe, expect, test } from 'vitest'
import * as boundary from './boundary.ts'
import * as core from './index.ts'
import * as inspect from './inspect.ts'
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
  asCompleted: (options) => core.asCompleted([fn], options),
  assertNoLeaks: (options) => testing.assertNoLeaks(fn, options),
  Barrier: (options) => new sync.Barrier(1, options),
  BoundedSemaphore: (options) => new sync.BoundedSemaphore(1, options),
  cancelEverywhere: (options) => testing.cancelEverywhere(fn, options),
  cancelScope: (options) => core.cancelScope(fn, options),
  circuitBreaker: (options) => resilience.circuitBreaker(options),
  Condition: (options) => new sync.Condition(options),
  Event: (options) => new sync.Event(options),
  formatTaskTree: (options) => inspect.formatTaskTree(options),
  exerciseOutcomes: (options) => testing.exerciseOutcomes({} as never, options),
  gather: (options) => core.gather([fn], options),
  LifoQueue: (options) => new sync.LifoQueue(options),
  Lock: (options) => new sync.Lock(options),
  mapConcurrent: (options) => core.mapConcurrent([1], fn, options),
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
  wait: (options) => core.wait([], options),
  watchEventLoop: (options) => inspect.watchEventLoop(options),
  withDeadline: (options) => core.withDeadline(new Date(), fn, options),
  withTimeout: (options) => core.withTimeout(1, fn, options),
  workers: (options) => core.workers(new sync.Queue(), 1, fn, options),
}

/** Those that take none, or, as `io` does, those of whoever calls it. */
const others = new Set(
  `BrokenBarrierError Cancelled isCausedBy checkpoint currentSignal isOutage CircuitOpenError currentClock
  throwIfCancelled describeValue detached IoError LeftoverError hasMark mark isRetryable outcomeOf
  QueueShutDown remaining sleep Task TimeoutError printTaskTreeOn trackWaits installClock systemClock
  TestClock jobScope moved ExecutorError WorkerCrashed expected expectFunction expectInteger expectOptions
  expectText IO_OPTIONS isSecretName REDACTED Redaction SecretSpellings io`.split(/\s+/),
)

describe('a misspelt option is refused by', () => {
  test.each(Object.entries(takers))('%s', async (name, take) => {
    const attempt = async (): Promise<unknown> => await take({ nmae: 'x' } as never)
    await expect(attempt()).rejects.toThrow(
      /^Expected a known option of [\w.]+, got "nmae"; (did you mean "name"\?|it takes )/,
    )
    expect(others.has(name)).toBe(false)
  })

  test.each(Object.entries(takers))(
    '%s, which says so too of what is no object',
    async (name, take) => {
      const attempt = async (): Promise<unknown> => await take(null as never)
      await expect(attempt()).rejects.toThrow(/^Expected /)
      const needsOptions = ['mapConcurrent', 'PriorityQueue', 'processes', 'rateLimiter', 'threads']
      if (!needsOptions.includes(name)) return
      const without = async (): Promise<unknown> => await take(undefined as never)
      await expect(without()).rejects.toThrow(/^Expected /)
    },
  )

  test('every public function that takes options', () => {
    const faces = [
      boundary,
      core,
      inspect,
      job,
      otel,
      processes,
      resilience,
      sync,
      testing,
      threads,
    ]
    const missing = faces
      .flatMap((face) => Object.keys(face))
      .filter((name) => !(name in takers) && !others.has(name))
    expect(missing).toEqual([])
  })
})

function onlyOf(error: AggregateError): never {
  throw error.errors[0]
}

async function using(executor: threads.Executor, options: Misspelt): Promise<void> {
  await using closing = executor
  await closing.run({ name: 'add', args: [1, 2] }, options)
}
