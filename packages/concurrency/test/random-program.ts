import * as fc from 'fast-check'
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  cancelScope,
  currentClock,
  gather,
  io,
  IoError,
  moveOnAfter,
  outcomeOf,
  shield,
  sleep,
  taskGroup,
  type Task,
  type TaskGroup,
  withTimeout,
} from '../src/index.ts'
import { enterScope, onCancel } from '../src/boundary.ts'
import { asCompleted, mapConcurrent, wait, workers } from '../src/tasks.ts'
import { retry, singleFlight } from '../src/resilience.ts'
import { Queue } from '../src/sync.ts'

/*
 * Random programs of reads and writes against a server that records what it has seen, with what can
 * become of them: cancels, deadlines, failures, catches, groups, flights, graces, forgotten awaits.
 */

/** How a native call ends once its signal has fired. */
type AbortStyle =
  | 'reason'
  | 'abort error'
  | 'wrapped twice'
  | 'suppressed'
  | 'aggregate'
  | 'plain error'
  | 'answers all the same'

export interface Call {
  readonly kind: 'call'
  readonly effect: 'read' | 'idempotent' | 'write'
  /** When the request leaves; until then the call says that nothing was sent. */
  readonly leavesAfterMs: number
  readonly replyMs: number
  readonly reply: 'ok' | 'refused' | 'lost' | 'plain error' | 'mistake' | 'native type error'
  readonly onAbort: AbortStyle
  readonly abortMs: number
}

export type Program =
  | Call
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'fail' }
  | { readonly kind: 'seq' | 'promise all'; readonly parts: readonly Program[] }
  | { readonly kind: 'together'; readonly how: Together; readonly parts: readonly Program[] }
  | {
      readonly kind: 'timeout' | 'move on'
      readonly ms: number
      readonly graceMs?: number
      readonly part: Program
    }
  | {
      readonly kind: 'cancelled scope' | 'cancelled task'
      readonly ms: number
      readonly part: Program
    }
  | {
      readonly kind: 'catch' | 'shield' | 'retry' | 'retry when' | 'forget'
      readonly part: Program
    }
  | { readonly kind: 'io around'; readonly effect: Call['effect']; readonly part: Program }
  | {
      /** A call that sends, and then waits for the answer in scopes of its own. */
      readonly kind: 'io that waits within'
      readonly effect: Call['effect']
      readonly part: Program
    }
  | { readonly kind: 'clean up'; readonly part: Program; readonly clean: Program }
  | { readonly kind: 'flight'; readonly key: number; readonly part: Program }
  | {
      /** Spawns into the nearest group around, however many scopes are between. */
      readonly kind: 'spawn further out'
      readonly awaits: boolean
      readonly part: Program
    }
  | {
      /** A loop within a deadline over a map that was made outside of it. */
      readonly kind: 'map from outside'
      readonly ms: number
      readonly parts: readonly Program[]
    }
  | {
      readonly kind: 'entered scope'
      readonly ms: number
      /** Whether a cancel of the scope around reaches it, as a client that leaves ends its request. */
      readonly follows: boolean
      readonly part: Program
    }

const TOGETHER = [
  'gather',
  'settle',
  'taskGroup',
  'settling tasks',
  'asCompleted',
  'asCompleted settle',
  'mapConcurrent',
  'workers',
  'workers that go on',
  'workers that give up',
] as const

type Together = (typeof TOGETHER)[number]

const milliseconds = fc.integer({ min: 0, max: 40 })

export interface Shape {
  readonly replies: readonly Call['reply'][]
  readonly aborts: readonly AbortStyle[]
  readonly fails: boolean
}

/** Everything that there is. */
export const ANYTHING: Shape = {
  replies: ['ok', 'ok', 'refused', 'lost', 'plain error', 'mistake', 'native type error'],
  aborts: [
    'reason',
    'abort error',
    'wrapped twice',
    'suppressed',
    'aggregate',
    'plain error',
    'answers all the same',
  ],
  fails: true,
}

/** Nothing fails by itself: what is thrown comes of a cancel or a deadline. */
export const CANCELS_ONLY: Shape = {
  replies: ['ok'],
  aborts: [
    'reason',
    'abort error',
    'wrapped twice',
    'suppressed',
    'aggregate',
    'answers all the same',
  ],
  fails: false,
}

export function programs({ replies, aborts, fails }: Shape): fc.Arbitrary<Program> {
  const { program } = fc.letrec<{ program: Program; waits: Program }>((tie) => {
    const part = tie('program')
    const parts = fc.array(part, { minLength: 1, maxLength: 3 })
    const graceMs = fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined })
    const call = fc.record<Call>({
      kind: fc.constant('call'),
      effect: fc.constantFrom('read', 'idempotent', 'write', 'write'),
      leavesAfterMs: fc.constantFrom(0, 0, 5, 15),
      replyMs: fc.constantFrom(1, 10, 30, 1_000),
      reply: fc.constantFrom(...replies),
      onAbort: fc.constantFrom(...aborts),
      abortMs: fc.constantFrom(0, 1, 12, 35),
    })
    const leaves: fc.Arbitrary<Program>[] = [
      call,
      call,
      fc.record({ kind: fc.constant('sleep' as const), ms: milliseconds }),
    ]
    if (fails) leaves.push(fc.constant({ kind: 'fail' as const }))
    const wait = tie('waits')
    return {
      // Nothing in it has an effect, so that what ends it says `none`.
      waits: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.record({ kind: fc.constant('sleep' as const), ms: milliseconds }),
        fc.record({
          kind: fc.constant('together' as const),
          how: fc.constantFrom('gather' as const, 'taskGroup' as const),
          parts: fc.array(wait, { minLength: 1, maxLength: 3 }),
        }),
        fc.record({
          kind: fc.constantFrom('timeout' as const, 'cancelled scope' as const),
          ms: milliseconds,
          part: wait,
        }),
      ),
      program: fc.oneof(
        { maxDepth: 5, depthSize: 'small' },
        fc.oneof(...leaves),
        fc.record({ kind: fc.constantFrom('seq' as const, 'promise all' as const), parts }),
        fc.record({
          kind: fc.constant('together' as const),
          how: fc.constantFrom(...TOGETHER),
          parts,
        }),
        fc.record({
          kind: fc.constantFrom('timeout' as const, 'move on' as const),
          ms: milliseconds,
          graceMs,
          part,
        }) as fc.Arbitrary<Program>,
        fc.record({
          kind: fc.constantFrom('cancelled scope' as const, 'cancelled task' as const),
          ms: milliseconds,
          part,
        }),
        fc.record({
          kind: fc.constantFrom(
            ...(['catch', 'shield', 'retry', 'retry when', 'forget'] as const).filter(
              // What is caught here is a failure; where there is none, nothing may catch a cancel.
              (kind) => fails || kind !== 'catch',
            ),
          ),
          part,
        }) as fc.Arbitrary<Program>,
        // Of a failure it makes another, so where there are none it stays away.
        fails
          ? fc.record({
              kind: fc.constant('io around' as const),
              effect: fc.constantFrom('read' as const, 'write' as const),
              part,
            })
          : part,
        fc.record({
          kind: fc.constant('io that waits within' as const),
          effect: fc.constantFrom('read' as const, 'write' as const),
          part: tie('waits'),
        }),
        fc.record({ kind: fc.constant('clean up' as const), part, clean: part }),
        fc.record({
          kind: fc.constant('entered scope' as const),
          ms: fc.integer({ min: 1, max: 40 }),
          follows: fc.boolean(),
          part,
        }),
        fc.record({
          kind: fc.constant('spawn further out' as const),
          awaits: fc.boolean(),
          part,
        }),
        fc.record({ kind: fc.constant('map from outside' as const), ms: milliseconds, parts }),
        // A flight within one of the same key would wait for itself.
        fc.record({
          kind: fc.constant('flight' as const),
          key: fc.nat(1),
          part: fc.record({
            kind: fc.constant('seq' as const),
            parts: fc.array(fc.oneof(...leaves), { minLength: 1, maxLength: 3 }),
          }),
        }),
      ),
    }
  })
  return program
}

/** One execution of a call: whether the server has seen a request that changes something. */
interface Execution {
  changed: boolean
  readonly call: Call
  /** Observers of what began it from elsewhere: it counts for them from when it has left. */
  readonly elsewhere: readonly Observer[]
}

/** A group, and how many observers are around what it runs. */
interface Place {
  readonly group: TaskGroup
  readonly depth: number
}

/** What ran on behalf of one node of the program. */
class Observer {
  readonly executions: Set<Execution> = new Set()
  /** Flights that it joined: what they do is done for it too. */
  readonly flights: Set<Observer> = new Set()
  ended: boolean = false

  get all(): Execution[] {
    return [...this.executions, ...Array.from(this.flights, (flight) => flight.all).flat()]
  }
}

/** That nothing has happened, said at the end of a node, or by `retry` when it tried again. */
export interface Claim {
  readonly by: string
  readonly observer: Observer
}

/** Executes programs against one server. */
export class Interpreter {
  readonly claims: Claim[] = []
  readonly #observers = new AsyncLocalStorage<readonly Observer[]>()
  readonly #elsewhere = new AsyncLocalStorage<readonly Observer[]>()
  readonly #places = new AsyncLocalStorage<Place>()
  readonly #flights = new Map<
    number,
    { observer: Observer; readonly call: (part: Program) => Promise<void> }
  >()

  /** The claims that are false: the server has seen a write in what they speak of. */
  get lies(): string[] {
    return this.claims.flatMap(({ by, observer }) => {
      const seen = observer.all.filter(({ changed }) => changed)
      return seen.length === 0
        ? []
        : [`${by}: "none", but the server saw ${JSON.stringify(seen.map(({ call }) => call))}`]
    })
  }

  async execute(program: Program): Promise<void> {
    switch (program.kind) {
      case 'call':
        return await this.#call(program)
      case 'sleep':
        return await sleep(program.ms)
      case 'fail':
        throw refused()
      case 'seq':
        for (const part of program.parts) await this.execute(part)
        return
      case 'promise all':
        await Promise.all(program.parts.map((part) => this.execute(part)))
        return
      case 'together':
        return await this.#observe(program.how, () => this.#together(program.how, program.parts))
      case 'timeout': {
        const { ms, graceMs, part } = program
        const options = graceMs === undefined ? {} : { graceMs }
        return await this.#observe('withTimeout', () =>
          withTimeout(ms, () => this.execute(part), options),
        )
      }
      case 'move on': {
        const { ms, graceMs, part } = program
        const options = graceMs === undefined ? {} : { graceMs }
        return await this.#observe('moveOnAfter', async (observer) => {
          const result = await moveOnAfter(ms, () => this.execute(part), options)
          if (result.expired && result.outcome === 'none')
            this.claims.push({ by: 'moveOnAfter', observer })
        })
      }
      case 'cancelled scope':
        return await this.#observe('cancelScope', () =>
          cancelScope(async (scope) => {
            const timer = currentClock().schedule(program.ms, () => scope.cancel())
            await this.execute(program.part).finally(() => timer.cancel())
          }),
        )
      case 'cancelled task':
        return await this.#observe('task', () =>
          this.#group(async (group) => {
            const task = group.spawn(() => this.execute(program.part))
            const timer = currentClock().schedule(program.ms, () => task.cancel())
            await task.then(
              () => timer.cancel(),
              (error: unknown) => {
                timer.cancel()
                throw error
              },
            )
          }),
        )
      case 'catch':
        return await this.execute(program.part).catch(() => undefined)
      case 'shield':
        return await this.#observe('shield', () => shield(() => this.execute(program.part)))
      case 'retry':
        return await this.#observe('retry', () => this.#retry(program.part))
      case 'retry when':
        return await this.#observe('retry', () => this.#retry(program.part, () => true))
      case 'io around':
        return await this.#observe('io', async () => {
          const init = { boundary: 'client', operation: 'call', effect: program.effect }
          await io(init, {}, (_, progress) => {
            progress.sent = false
            return this.execute(program.part)
          })
        })
      case 'io that waits within':
        return await this.#observe('io', () => this.#sendAndWait(program))
      case 'forget':
        return await this.#observe('cancelScope', () =>
          cancelScope(async () => {
            this.execute(program.part).catch(() => undefined)
            await sleep(3)
          }),
        )
      case 'clean up':
        try {
          return await this.execute(program.part)
        } finally {
          await shield(() => this.execute(program.clean)).catch(() => undefined)
        }
      case 'entered scope':
        return await this.#enter(program)
      case 'flight':
        return await this.#observe('singleFlight', (observer) => this.#fly(program, observer))
      case 'spawn further out':
        return await this.#spawnFurtherOut(program)
      case 'map from outside':
        return await this.#loopWithin(program)
    }
  }

  async #spawnFurtherOut({
    awaits,
    part,
  }: Extract<Program, { kind: 'spawn further out' }>): Promise<void> {
    const place = this.#places.getStore()
    if (place === undefined) return await this.execute(part)
    const around = this.#observers.getStore() ?? []
    const elsewhere = [...(this.#elsewhere.getStore() ?? []), ...around.slice(place.depth)]
    const run = (): Promise<void> =>
      this.#observers.run(around.slice(0, place.depth), () =>
        this.#elsewhere.run(elsewhere, () => this.execute(part)),
      )
    let task: Task<void>
    try {
      task = place.group.spawn(run)
    } catch (error) {
      // The group has ended: what runs here was given up by it.
      if (error instanceof TypeError) return await this.execute(part)
      throw error
    }
    if (awaits) await task
  }

  async #loopWithin({ ms, parts }: Extract<Program, { kind: 'map from outside' }>): Promise<void> {
    const observer = new Observer()
    const results = this.#elsewhere.run([...(this.#elsewhere.getStore() ?? []), observer], () =>
      mapConcurrent(parts, (part) => this.execute(part), { concurrency: 2 }),
    )
    try {
      await withTimeout(ms, async () => {
        for await (const _ of results) await sleep(1)
      })
    } catch (error) {
      if (outcomeOf(error) === 'none') this.claims.push({ by: 'withTimeout', observer })
      throw error
    } finally {
      observer.ended = true
    }
  }

  /** Calls `body` with a group that what is within can spawn into. */
  async #group<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    const depth = this.#observers.getStore()?.length ?? 0
    return await taskGroup((group) => this.#places.run({ group, depth }, () => body(group)))
  }

  async #sendAndWait({
    effect,
    part,
  }: Extract<Program, { kind: 'io that waits within' }>): Promise<void> {
    const execution = this.#begin({ ...SENT, effect })
    const init = { boundary: 'client', operation: 'call', effect, translate: 'none' } as const
    await io(init, {}, async () => {
      hasLeft(execution)
      execution.changed = effect !== 'read'
      await this.execute(part)
    })
  }

  /** It is outside of all scopes: what happens in it is no effect of theirs, but what fails in it says so. */
  async #enter({ ms, follows, part }: Extract<Program, { kind: 'entered scope' }>): Promise<void> {
    const entered = enterScope({ name: 'entered', timeoutMs: ms, onCancel: () => undefined })
    const off = follows ? onCancel(() => entered.scope.cancel('the client has left')) : undefined
    await this.#observers.run([], () =>
      this.#apart(() =>
        this.#observe('enterScope', async () => {
          let failure: { readonly error: unknown } | undefined
          try {
            await entered.call(() => this.execute(part))
          } catch (error) {
            failure = { error }
          }
          off?.()
          await entered.leave(failure)
          if (failure !== undefined) throw entered.explain(failure.error)
        }),
      ),
    )
  }

  /** Calls `fn` for nobody elsewhere, and where there is no group to spawn into. */
  #apart<T>(fn: () => T): T {
    return this.#elsewhere.run([], () => this.#places.exit(fn))
  }

  /** Notes what a node that owns a scope says of its outcome when it fails. */
  async #observe(by: string, fn: (observer: Observer) => Promise<void>): Promise<void> {
    const observer = new Observer()
    const observers = [...(this.#observers.getStore() ?? []), observer]
    try {
      await this.#observers.run(observers, fn, observer)
    } catch (error) {
      if (outcomeOf(error) === 'none') this.claims.push({ by, observer })
      throw error
    } finally {
      observer.ended = true
    }
  }

  async #together(how: Together, parts: readonly Program[]): Promise<void> {
    const thunks = parts.map((part) => () => this.execute(part))
    switch (how) {
      case 'gather':
        await gather(thunks)
        return
      case 'settle':
        await gather(thunks, { settle: true })
        return
      case 'taskGroup':
        await this.#group((group) => {
          for (const thunk of thunks) group.spawn(thunk)
        })
        return
      case 'asCompleted':
        for await (const _ of asCompleted(thunks)) continue
        return
      case 'asCompleted settle':
        for await (const _ of asCompleted(thunks, { settle: true })) continue
        return
      case 'settling tasks':
        await this.#group(async (group) => {
          const tasks = thunks.map((thunk) => group.spawn(thunk, { settle: true }))
          await wait(tasks)
        })
        return
      case 'workers': {
        const queue = new Queue<Program>()
        for (const part of parts) queue.tryPut(part)
        queue.shutdown()
        await workers(queue, 2, (part) => this.execute(part))
        return
      }
      case 'workers that go on':
      case 'workers that give up': {
        const queue = new Queue<{ readonly part: Program; readonly observer: Observer }>()
        for (const part of parts) queue.tryPut({ part, observer: new Observer() })
        queue.shutdown()
        await workers(
          queue,
          2,
          ({ part, observer }) => {
            const observers = [...(this.#observers.getStore() ?? []), observer]
            return this.#observers.run(observers, () => this.execute(part))
          },
          {
            onFailure: (error, { observer }) => {
              if (outcomeOf(error) === 'none') this.claims.push({ by: 'onFailure', observer })
              if (how === 'workers that give up') throw error
            },
          },
        )
        return
      }
      case 'mapConcurrent':
        for await (const _ of mapConcurrent(parts, (part) => this.execute(part), {
          concurrency: 2,
        })) {
          continue
        }
    }
  }

  async #retry(part: Program, when?: () => boolean): Promise<void> {
    let before: Observer | undefined
    await retry(
      async () => {
        // That it tries again says that nothing came of the attempt before.
        if (before !== undefined) this.claims.push({ by: 'a second attempt', observer: before })
        const observer = new Observer()
        before = observer
        const observers = [...(this.#observers.getStore() ?? []), observer]
        await this.#observers
          .run(observers, () => this.execute(part))
          .finally(() => (observer.ended = true))
      },
      { attempts: 2, baseDelayMs: 1, random: () => 0.5, ...(when === undefined ? {} : { when }) },
    )
  }

  async #fly(
    { key, part }: { readonly key: number; readonly part: Program },
    joiner: Observer,
  ): Promise<void> {
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      const made = {
        observer: new Observer(),
        call: singleFlight(
          async (program: Program) => {
            made.observer = new Observer()
            await this.#observers.run([made.observer], () =>
              this.#apart(() => this.execute(program)),
            )
          },
          { key: () => key },
        ),
      }
      flight = made
      this.#flights.set(key, made)
    }
    const flying = flight.call(part)
    joiner.flights.add(flight.observer)
    for (const observer of this.#observers.getStore() ?? []) observer.flights.add(flight.observer)
    await flying
  }

  #begin(call: Call): Execution {
    const elsewhere = this.#elsewhere.getStore() ?? []
    const execution: Execution = { changed: false, call, elsewhere }
    for (const observer of this.#observers.getStore() ?? []) {
      // What begins after the end of a scope is none of it; it is reported as late.
      if (!observer.ended) observer.executions.add(execution)
    }
    return execution
  }

  async #call(call: Call): Promise<void> {
    const execution = this.#begin(call)
    const init = { boundary: 'server', operation: 'call', effect: call.effect }
    await io(init, {}, (signal, progress) => {
      progress.sent = call.leavesAfterMs === 0
      return serve(call, execution, signal, progress)
    })
  }
}

function hasLeft(execution: Execution): void {
  for (const each of execution.elsewhere) if (!each.ended) each.executions.add(execution)
}

/** A request that leaves at once. */
const SENT = {
  kind: 'call',
  leavesAfterMs: 0,
  replyMs: 1,
  reply: 'ok',
  onAbort: 'reason',
  abortMs: 0,
} as const

/** The server, and the native client before it. */
function serve(
  call: Call,
  execution: Execution,
  signal: AbortSignal,
  progress: { sent: boolean },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const clock = currentClock()
  const changes = call.effect !== 'read' && call.reply !== 'refused'
  let aborted = false
  const leave = clock.schedule(call.leavesAfterMs, () => {
    progress.sent = true
    hasLeft(execution)
    // It gets there although the client may have hung up since.
    clock.schedule(1, () => (execution.changed = changes))
  })
  const reply = clock.schedule(call.leavesAfterMs + 2 + call.replyMs, () => {
    if (!aborted) answer(call, resolve, reject)
  })
  signal.addEventListener('abort', () => {
    aborted = true
    reply.cancel()
    if (!progress.sent) leave.cancel()
    clock.schedule(call.abortMs, () => abort(call.onAbort, signal.reason, resolve, reject))
  })
  return promise
}

function answer({ reply }: Call, resolve: () => void, reject: (error: unknown) => void): void {
  if (reply === 'ok') resolve()
  else if (reply === 'refused') reject(refused())
  else if (reply === 'lost') reject(lost())
  else if (reply === 'plain error') reject(new Error('socket hang up'))
  else if (reply === 'mistake') reject(new TypeError('Expected x, got y'))
  else reject(new TypeError('fetch failed', { cause: new Error('socket hang up') }))
}

function abort(
  style: AbortStyle,
  reason: unknown,
  resolve: () => void,
  reject: (error: unknown) => void,
): void {
  const aborted = Object.assign(new Error('aborted', { cause: reason }), { name: 'AbortError' })
  if (style === 'reason') reject(reason)
  else if (style === 'abort error') reject(aborted)
  else if (style === 'wrapped twice') reject(new Error('query failed', { cause: aborted }))
  else if (style === 'suppressed') reject(new SuppressedError(aborted, reason))
  else if (style === 'aggregate') reject(new AggregateError([aborted, reason]))
  else if (style === 'plain error') reject(new Error('socket destroyed'))
  else resolve()
}

function refused(): IoError {
  return failure('refused', 'none')
}

function lost(): IoError {
  return failure('connection_lost', 'unknown')
}

function failure(code: string, outcome: 'none' | 'unknown'): IoError {
  const init = { boundary: 'server', operation: 'call', code, outcome, retryable: true }
  return new IoError(`server.call failed: ${code}`, init)
}
