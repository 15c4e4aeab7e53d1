import assert from 'node:assert/strict'
import type { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Executor } from '../src/executors/executor.ts'
import { ExecutorError, WorkerCrashed } from '../src/executors/executor-error.ts'
import type { ExecutorOptions } from '../src/executors/executor-options.ts'
import {
  cancelScope,
  Cancelled,
  gather,
  IoError,
  isRetryable,
  outcomeOf,
  remaining,
  taskGroup,
  TimeoutError,
  withTimeout,
} from '../src/index.ts'
import { assertNoLeaks, type SuiteCase, TestClock } from '../src/testing.ts'
import * as jobs from './executor-jobs.ts'
import { Phone } from './phone.ts'

type Jobs = typeof jobs

/** What threads and processes have in common. Each case opens what it needs and closes it. */
export function exerciseExecutor(
  make: (options: ExecutorOptions) => Executor<Jobs>,
): readonly SuiteCase[] {
  const module = new URL('executor-jobs.ts', import.meta.url)
  const open = (options: Partial<ExecutorOptions> = {}): Executor<Jobs> =>
    make({ module, workers: 1, ...options })

  return [
    {
      name: 'runs an exported function, synchronous or not, elsewhere',
      async run() {
        await using executor = open()
        assert.equal(await executor.call('add', 1, 2), 3)
        assert.notEqual(await executor.call('worker'), await jobs.worker())
      },
    },
    {
      name: 'keeps a worker for the next job',
      async run() {
        await using executor = open()
        assert.equal(await executor.call('worker'), await executor.call('worker'))
      },
    },
    {
      name: 'hears all that a job reports, in its order, before the call returns',
      async run() {
        await using executor = open()
        const values = [1, { two: [2] }, new Map([[3, 'three']]), undefined]
        const heard: unknown[] = []
        const onReport = (value: unknown): void => void heard.push(value)
        const job = { name: 'reports', args: [values] as [unknown[]] } as const
        assert.equal(await executor.run(job, { onReport }), 4)
        assert.deepEqual(heard, values)
        // Those of a call that nobody hears go nowhere, nor to another call.
        assert.equal(await executor.run(job), 4)
        assert.equal(heard.length, 4)
      },
    },
    {
      name: 'hears a job that never yields while it runs',
      async run() {
        await using executor = open({ graceMs: 0 })
        const hanging = cancelScope(async (scope) => {
          await executor.run(
            { name: 'reportsAndHangs', args: [] },
            { onReport: (value) => scope.cancel(String(value)) },
          )
        })
        await assert.rejects(hanging, (error) => {
          assert.ok(Cancelled.isInstance(error))
          assert.match(error.message, /it hangs/)
          return true
        })
      },
    },
    {
      name: 'calls onReport in the scope of the call, and goes on when that throws',
      async run() {
        await using executor = open()
        const heard: unknown[] = []
        const onReport = (value: unknown): void => {
          heard.push(value, remaining() < 1_000_000)
          if (value === 1) throw new Error('secret')
        }
        const given = withTimeout(900_000, () =>
          executor.run({ name: 'reports', args: [[1, 2]] }, { onReport }),
        )
        assert.equal(await given, 2)
        assert.deepEqual(heard, [1, true, 2, true])
      },
    },
    {
      name: 'refuses to report what cannot be sent, and an onReport that is no function',
      async run() {
        await using executor = open()
        const onReport = (): void => undefined
        await assert.rejects(
          executor.run({ name: 'reportsFunction', args: [] }, { onReport }),
          /^TypeError: Expected what "reportsFunction" reports to be serialisable, got a function/,
        )
        await assert.rejects(
          executor.run({ name: 'reports', args: [[]] }, { onReport: 1 as never }),
          TypeError,
        )
      },
    },
    {
      name: 'keeps nothing of a job that is done',
      async run() {
        setFlagsFromString('--expose-gc')
        globalThis.gc = runInNewContext('gc') as NonNullable<typeof gc>
        await using executor = open()
        const rounds = { rounds: 3_000, maxBytesPerRound: 350 }
        await assertNoLeaks(() => executor.call('add', 1, 2), rounds)
      },
    },
    {
      name: 'runs as many at once as it has workers, each in one of its own, and queues the rest',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ workers: 2 })
        const held = [1, 2, 3].map(() => executor.call('hold', phone.port))
        const [first, second] = [await phone.next(), await phone.next()]
        assert.deepEqual([executor.running, executor.waiting], [2, 1])
        first.release()
        const third = await phone.next()
        second.release()
        third.release()
        const [a, b] = await Promise.all(held)
        assert.notEqual(a, b)
        assert.deepEqual([executor.running, executor.waiting], [0, 0])
      },
    },
    {
      name: 'refuses as overloaded, with no effect, what the queue has no place for',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ queue: 0 })
        const held = executor.call('hold', phone.port)
        const call = await phone.next()
        const error = await thrown(executor.call('add', 1, 2))
        assert(ExecutorError.isInstance(error) && IoError.isInstance(error))
        assert.deepEqual([error.code, error.job, error.outcome], ['overloaded', 'add', 'none'])
        assert(isRetryable(error))
        assert(['threads', 'processes'].includes(error.boundary))
        call.release()
        await held
      },
    },
    {
      name: 'says acquire_timeout of what got no worker in time, with no effect',
      async run() {
        using clock = TestClock.install()
        await using phone = await Phone.open()
        await using executor = open({ acquireTimeoutMs: 50 })
        const held = executor.call('hold', phone.port)
        const call = await phone.next()
        const late = thrown(executor.call('add', 1, 2))
        await clock.advance(50)
        const error = await late
        assert(ExecutorError.isInstance(error))
        assert.deepEqual([error.code, error.outcome], ['acquire_timeout', 'none'])
        call.release()
        await held
      },
    },
    {
      name: 'says that it was cancelled, and not overloaded, while it waited for a worker',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ acquireTimeoutMs: 60_000 })
        const held = executor.call('hold', phone.port)
        const call = await phone.next()
        const error = await thrown(
          cancelScope(async (scope) => {
            const waiting = executor.call('add', 1, 2)
            scope.cancel()
            await waiting
          }),
        )
        assert(Cancelled.isInstance(error))
        call.release()
        await held
      },
    },
    {
      name: 'takes a cancelled call out of the queue, with no effect, and leaves the others alone',
      async run() {
        await using phone = await Phone.open()
        await using executor = open()
        const held = executor.call('hold', phone.port)
        const call = await phone.next()
        const stop = new AbortController()
        const waiting = thrown(
          executor.run({ name: 'hold', args: [phone.port] }, { signal: stop.signal }),
        )
        stop.abort()
        assert(Cancelled.isInstance(await waiting))
        assert.equal(executor.waiting, 0)
        const third = executor.call('add', 1, 2)
        call.release()
        await held
        assert.equal(await third, 3)
      },
    },
    {
      name: 'raises a flag that the job sees, and its worker lives on',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ graceMs: Infinity })
        const before = await executor.call('worker')
        const error = await thrown(
          cancelScope(async (scope) => {
            const obeying = executor.call('obey', phone.port)
            await phone.next()
            scope.cancel('enough')
            await obeying
          }),
        )
        assert(Cancelled.isInstance(error))
        assert.equal(error.message, 'enough')
        assert.equal(await executor.call('worker'), before)
      },
    },
    {
      name: 'raises it also for a job that its worker has not begun',
      async run() {
        await using executor = open({ graceMs: Infinity })
        const error = await thrown(
          cancelScope(async (scope) => {
            const obeying = executor.call('obeyHere')
            scope.cancel('enough')
            await obeying
          }),
        )
        assert(Cancelled.isInstance(error))
        assert.equal(await executor.call('add', 1, 2), 3)
      },
    },
    {
      name: 'wakes a job that waits for nothing but its signal',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ graceMs: Infinity })
        const error = await thrown(
          cancelScope(async (scope) => {
            const heeding = executor.call('heedAndTell', phone.port)
            const call = await phone.next()
            assert.equal(await call.said, 'waiting')
            scope.cancel('enough')
            await heeding
          }),
        )
        assert(Cancelled.isInstance(error))
      },
    },
    {
      name: 'fires the signal of a job that waits, and returns what it makes of its grace',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ graceMs: Infinity })
        const value = await cancelScope(async (scope) => {
          const saving = executor.call('save', phone.port)
          const call = await phone.next()
          scope.cancel()
          assert.equal(await call.said, 'saving')
          call.release()
          return await saving
        })
        assert.equal(value, 'saved')
      },
    },
    {
      name: 'kills the worker of a job that ignores its flag once the grace is over, and no other',
      async run() {
        using clock = TestClock.install()
        await using phone = await Phone.open()
        await using executor = open({ workers: 2, graceMs: 200 })
        const neighbour = executor.call('hold', phone.port)
        const neighbourCall = await phone.next()
        const hanging = thrown(withTimeout(100, () => executor.call('hang', phone.port)))
        const call = await phone.next()
        await clock.advance(100)
        assert.equal(executor.running, 2)
        await clock.advance(200)
        const error = await hanging
        assert(TimeoutError.isInstance(error))
        assert.equal(error.outcome, 'unknown')
        await call.gone
        assert.equal(executor.running, 1)
        neighbourCall.release()
        const survivor = await neighbour
        // It is the one that is free, so it takes the next job.
        assert.equal(await executor.call('worker'), survivor)
      },
    },
    {
      name: 'has another worker for the next job after a kill',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ graceMs: 0 })
        const before = await executor.call('worker')
        const stop = new AbortController()
        const hanging = thrown(
          executor.run({ name: 'hang', args: [phone.port] }, { signal: stop.signal }),
        )
        const call = await phone.next()
        stop.abort()
        assert(Cancelled.isInstance(await hanging))
        await call.gone
        assert.notEqual(await executor.call('worker'), before)
      },
    },
    {
      name: 'says that a killed job without effects had none',
      async run() {
        using clock = TestClock.install()
        await using phone = await Phone.open()
        await using executor = open({ graceMs: 0, effect: 'read' })
        const hanging = thrown(withTimeout(10, () => executor.call('hang', phone.port)))
        await phone.next()
        await clock.advance(10)
        assert.equal(outcomeOf(await hanging), 'none')
      },
    },
    {
      name: 'says that a job which its worker never began had no effect',
      async run() {
        using clock = TestClock.install()
        const never = 'setInterval(() => {}, 1e6); await new Promise(() => {})'
        await using executor = open({
          graceMs: 0,
          execArgv: ['--import', `data:text/javascript,${encodeURIComponent(never)}`],
        })
        const waiting = thrown(withTimeout(10, () => executor.call('add', 1, 2)))
        await clock.advance(10)
        const error = await waiting
        assert(TimeoutError.isInstance(error))
        assert.equal(error.outcome, 'none')
      },
    },
    {
      name: 'never sends a job from a cancelled scope',
      async run() {
        await using executor = open()
        const error = await thrown(
          cancelScope(async (scope) => {
            scope.cancel()
            await executor.call('add', 1, 2)
          }),
        )
        assert(Cancelled.isInstance(error))
      },
    },
    {
      name: 'hands the deadline down: the job sees what is left of it',
      async run() {
        await using executor = open()
        assert.equal(await executor.call('budget'), Infinity)
        const left = await withTimeout(60_000, () => executor.call('budget'))
        assert(left > 0 && left <= 60_000, String(left))
        const own = await executor.run({ name: 'budget', args: [] }, { timeoutMs: 30_000 })
        assert(own > 0 && own <= 30_000, String(own))
      },
    },
    {
      name: 'has the chosen context values travel, each call its own',
      async run() {
        const requestId: AsyncLocalStorage<string> = jobs.context.requestId
        await using executor = open({ workers: 2, context: { requestId } })
        const seen = await gather(
          ['a', 'b', 'c'].map((id) => () => requestId.run(id, () => executor.call('requestId'))),
        )
        assert.deepEqual(seen, ['a', 'b', 'c'])
        assert.equal(await executor.call('requestId'), undefined)
      },
    },
    {
      name: 'lets a job have workers of its own',
      async run() {
        await using executor = open()
        assert.equal(await executor.call('nested', 'threads'), 3)
        assert.equal(await executor.call('nested', 'processes'), 3)
      },
    },
    {
      name: 'copies what structured clone can copy',
      async run() {
        await using executor = open()
        const value = {
          at: new Date(5),
          by: new Map([['k', new Set([1n])]]),
          raw: Uint8Array.of(9),
        }
        assert.deepEqual(await executor.call('echo', value), value)
      },
    },
    {
      name: 'refuses an argument that cannot be sent with a TypeError that names it, not its content',
      async run() {
        await using executor = open()
        const before = await executor.call('worker')
        const error = await thrown(executor.call('echo', { secret: () => 'hunter2' }))
        assert(error instanceof TypeError)
        assert.match(error.message, /^Expected argument 1 of "echo" to be serialisable, got/)
        assert.doesNotMatch(String(error.stack) + String(error.cause), /hunter2/)
        assert.equal(await executor.call('worker'), before)
      },
    },
    {
      name: 'says of a result that cannot be sent that it is the result',
      async run() {
        await using executor = open()
        const error = await thrown(executor.call('giveFunction'))
        assert(error instanceof TypeError)
        assert.match(error.message, /^Expected the result of "giveFunction" to be serialisable/)
        assert.equal(await executor.call('add', 1, 2), 3)
      },
    },
    {
      name: 'names the job whose worker exits, and the next one runs in another',
      async run() {
        await using phone = await Phone.open()
        await using executor = open()
        const before = await executor.call('worker')
        const error = await thrown(executor.call('exit', phone.port))
        assert(WorkerCrashed.isInstance(error) && ExecutorError.isInstance(error))
        assert.deepEqual(
          [error.job, error.code, error.outcome, error.retryable],
          ['exit', 'worker_crashed', 'unknown', false],
        )
        assert.match(String(error.cause), /exited with code:? 3/)
        assert.notEqual(await executor.call('worker'), before)
      },
    },
    {
      name: 'names the job whose worker throws outside of it, and spares the neighbours',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ workers: 2 })
        const neighbour = executor.call('hold', phone.port)
        const call = await phone.next()
        const error = await thrown(executor.call('explode', phone.port))
        assert(WorkerCrashed.isInstance(error))
        assert.equal(error.job, 'explode')
        call.release()
        assert.equal(typeof (await neighbour), 'string')
      },
    },
    {
      name: 'names the job whose worker runs out of the memory that it may have',
      async run() {
        await using executor = open({ maxHeapMb: 24 })
        const error = await thrown(executor.call('devour'))
        assert(WorkerCrashed.isInstance(error))
        assert.equal(error.job, 'devour')
        assert.equal(await executor.call('add', 1, 2), 3)
      },
    },
    {
      name: 'fails, with no effect, what waits for a worker that cannot start',
      async run() {
        await using executor = open({
          workers: 2,
          execArgv: ['--import', 'data:text/javascript,process.exit(7)'],
        })
        const errors = await Promise.all([
          thrown(executor.call('add', 1, 2)),
          thrown(executor.call('add', 3, 4)),
        ])
        for (const error of errors) {
          assert(WorkerCrashed.isInstance(error))
          assert.equal(error.outcome, 'none')
          assert.match(String(error.cause), /exited with code 7/)
        }
      },
    },
    {
      name: 'passes on what a job throws, with its kind, fields, cause and stack',
      async run() {
        await using executor = open()
        const range = await thrown(executor.call('fail'))
        assert(range instanceof RangeError)
        assert.equal(range.message, 'too far')
        assert.match(String(range.stack), /executor-jobs/)
        assert.equal((range.cause as Error).message, 'a step')
        const full = await thrown(executor.call('failAtIo'))
        assert(IoError.isInstance(full))
        assert.deepEqual([full.code, full.outcome, full.retryable], ['full', 'unknown', true])
        assert.equal(await thrown(executor.call('failWithText')), 'only a text')
      },
    },
    {
      name: 'passes on whatever a job throws, or says what it was',
      async run() {
        await using executor = open()
        const cannot = (what: string): RegExp => new RegExp(`^Error: The job threw ${what}, which`)
        const table: Readonly<Record<string, RegExp>> = {
          nothing: /^undefined$/,
          null: /^null$/,
          number: /^7$/,
          symbol: cannot('a symbol'),
          function: cannot('a function'),
          object: /^{"code":7,"deep":{"list":\[1\]}}$/,
          unclonable: cannot('an instance of Object'),
          getter: cannot('an instance of Object'),
          frozen: /^RangeError: frozen$/,
          dom: /^AbortError: stop$/,
          aggregate: /^AggregateError: all$/,
          round: /^Error: round$/,
          causeGetter: /^Error: asked$/,
          port: cannot('an instance of Object'),
        }
        for (const job of ['failWith', 'failLaterWith'] as const) {
          for (const [what, expected] of Object.entries(table)) {
            const error = await thrown(executor.call(job, what))
            assert.match(String(error instanceof Error ? error : JSON.stringify(error)), expected)
          }
          assert.ok(await thrown(executor.call(job, 'instance')))
        }
        assert.equal(
          ((await thrown(executor.call('failWith', 'unclonable'))) as { code: 7 }).code,
          7,
        )
        assert.equal(await executor.call('add', 1, 2), 3)
      },
    },
    {
      name: 'refuses a name that the module does not export as a function',
      async run() {
        await using executor = open()
        for (const name of ['nothing', 'notAFunction', 'constructor', 'context']) {
          const error = await thrown(executor.call(name as never))
          assert(error instanceof TypeError)
          assert.equal(error.message, `Expected "${name}" to be a function that the module exports`)
        }
      },
    },
    {
      name: 'says module_failed, with no effect, where the module cannot be loaded',
      async run() {
        await using executor = open({ module: new URL('no-such-module.ts', import.meta.url) })
        const error = await thrown(executor.call('add', 1, 2))
        assert(ExecutorError.isInstance(error))
        assert.deepEqual([error.code, error.outcome], ['module_failed', 'none'])
        assert(error.cause instanceof Error)
      },
    },
    {
      name: 'gives its workers the environment that they are to have',
      async run() {
        await using executor = open({ env: { PLACE: 'Kyoto' } })
        assert.equal(await executor.call('environment', 'PLACE'), 'Kyoto')
        assert.equal(await executor.call('environment', 'PATH'), undefined)
      },
    },
    {
      name: 'lets what runs and what waits come to its end when it is closed, and takes no more',
      async run() {
        await using phone = await Phone.open()
        const executor = open()
        const held = executor.call('hold', phone.port)
        const queued = executor.call('add', 1, 2)
        const call = await phone.next()
        const closing = executor.close()
        const error = await thrown(executor.call('add', 1, 2))
        assert(ExecutorError.isInstance(error))
        assert.deepEqual([error.code, error.outcome], ['closed', 'none'])
        call.release()
        assert.equal(typeof (await held), 'string')
        assert.equal(await queued, 3)
        await closing
        await executor.close()
      },
    },
    {
      name: 'gives a job that is asked to end twice one grace, not two',
      async run() {
        using clock = TestClock.install()
        await using phone = await Phone.open()
        const executor = open({ graceMs: 100 })
        const stop = new AbortController()
        const { signal } = stop
        const hanging = thrown(executor.run({ name: 'hang', args: [phone.port] }, { signal }))
        await phone.next()
        stop.abort()
        await clock.advance(60)
        await cancelScope(async (scope) => {
          const closing = executor.close()
          scope.cancel()
          await clock.advance(40)
          await closing
        })
        assert(Cancelled.isInstance(await hanging))
        assert.equal(clock.pending, 0)
      },
    },
    {
      name: 'ends what is left when the scope of close is cancelled',
      async run() {
        await using phone = await Phone.open()
        const executor = open({ graceMs: 0 })
        const hanging = thrown(executor.call('hang', phone.port))
        const queued = thrown(executor.call('add', 1, 2))
        const call = await phone.next()
        await cancelScope(async (scope) => {
          const closing = executor.close()
          scope.cancel()
          await closing
          assert.equal(executor.running, 0)
        })
        await call.gone
        const [ended, refused] = [await hanging, await queued]
        assert(ExecutorError.isInstance(ended) && ExecutorError.isInstance(refused))
        assert.deepEqual([ended.code, ended.outcome], ['closed', 'unknown'])
        assert.deepEqual([refused.code, refused.outcome], ['closed', 'none'])
      },
    },
    {
      name: 'ends what is left when the time to drain is over',
      async run() {
        using clock = TestClock.install()
        await using phone = await Phone.open()
        const executor = open({ graceMs: 0 })
        const hanging = thrown(executor.call('hang', phone.port))
        await phone.next()
        await assert.rejects(executor.close({ drainMs: -1 }), TypeError)
        const closing = executor.close({ drainMs: 500 })
        await clock.advance(499)
        assert.equal(executor.running, 1)
        await clock.advance(1)
        await closing
        const ended = await hanging
        assert(ExecutorError.isInstance(ended))
        assert.deepEqual([ended.code, ended.outcome], ['closed', 'unknown'])
        assert.equal(clock.pending, 0)
      },
    },
    {
      name: 'ends what the siblings of a failed task run',
      async run() {
        await using phone = await Phone.open()
        await using executor = open({ workers: 2, graceMs: 0 })
        const error = await thrown(
          taskGroup(async (group) => {
            group.spawn(() => executor.call('hang', phone.port))
            await phone.next()
            group.spawn(() => executor.call('fail'))
          }),
        )
        assert(error instanceof AggregateError)
        assert.deepEqual(
          error.errors.map((each: Error) => each.name),
          ['RangeError'],
        )
        assert.equal(executor.running, 0)
      },
    },
    {
      name: 'refuses options and jobs that make no sense with a TypeError',
      async run() {
        for (const wrong of [
          { module: 'relative.ts' },
          { module: new URL('https://example.com/jobs.js') },
          { workers: 0 },
          { queue: -1 },
          { acquireTimeoutMs: Number.NaN },
          { graceMs: '1' as never },
          { idleMs: 2 ** 31 },
          { maxHeapMb: 0.5 },
          { effect: 'none' as never },
          { context: { requestId: 'r' as never } },
        ] satisfies Partial<ExecutorOptions>[]) {
          assert.throws(() => open(wrong), { name: 'TypeError', message: /^Expected / })
        }
        assert.throws(() => make(null as never), TypeError)
        await using executor = open()
        for (const wrong of [
          () => executor.run(null as never),
          () => executor.run({ name: 'add', args: 1 as never }),
          () => executor.run({ name: 'add', args: [1, 2] }, { effect: 'all' as never }),
          () => executor.run({ name: 'add', args: [1, 2] }, { timeoutMs: '1' as never }),
          () => executor.run({ name: 'add', args: [1, 2] }, { transfer: 1 } as never),
        ]) {
          await assert.rejects(wrong, { name: 'TypeError', message: /^Expected / })
        }
        for (const name of ['', 1] as never[]) {
          const message = /^Expected the job's name to be a string, or its fn a function, got/
          await assert.rejects(() => executor.run({ name, args: [] as never }), { message })
        }
      },
    },
  ]
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('Expected a failure')
}
