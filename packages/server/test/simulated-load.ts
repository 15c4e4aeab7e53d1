import type { Clock } from '@yuzuru/concurrency'
import type { RefusalCode } from '@yuzuru/concurrency/boundary'
import { type Entrant, Gate, type Pass } from '../src/overload/gate.ts'
import type { Limit } from '../src/overload/limit.ts'
import type { RequestPriority } from '../src/overload/request-priority.ts'

/*
 * A server in simulated time, a millisecond a step: one processor that all that run share equally, and
 * something else that each waits for. Clients come at a constant rate whatever becomes of those before
 * (an open loop), and leave when they have waited too long.
 */

/** What one kind of request takes. */
export interface Work {
  readonly name: string
  /** Milliseconds of the processor. */
  readonly cpuMs: number
  /** Milliseconds that it waits for something else. */
  readonly waitMs: number
  /** Whether the head of its answer leaves at once, as with server-sent events. */
  readonly streams?: boolean | undefined
  readonly priority?: RequestPriority | undefined
}

export interface LoadInit {
  readonly limit: Limit
  readonly queue?: number | undefined
  /** How long a client waits, in milliseconds. */
  readonly patienceMs: number
  /** Milliseconds of the processor that a refusal takes. */
  readonly refusalMs?: number | undefined
}

/** What became of the requests of a while. */
export interface Outcome {
  /** Answered a second, before their client had left. */
  readonly goodput: number
  /** Of those answered: the 99th percentile of how long that took, in milliseconds. */
  readonly p99: number
  readonly refused: number
}

class SimulatedRequest implements Entrant {
  pass: Pass | undefined
  readonly priority: RequestPriority
  readonly name: string
  readonly expiresAt: number
  readonly cameAt: number
  readonly isAnswering: boolean
  state: 'waiting' | 'running' | 'answered' | 'refused' | 'gone' = 'waiting'
  cpuMs: number
  waitMs: number

  constructor(work: Work, factor: number, cameAt: number, patienceMs: number) {
    this.name = work.name
    this.priority = work.priority ?? 'interactive'
    this.cameAt = cameAt
    this.expiresAt = cameAt + patienceMs
    this.cpuMs = work.cpuMs * factor
    this.waitMs = work.waitMs * factor
    this.isAnswering = work.streams === true
  }

  begin(): void {
    this.state = 'running'
  }

  refuse(_code: RefusalCode): void {
    this.state = 'refused'
  }
}

/** A server in simulated time. */
export class SimulatedLoad {
  readonly gate: Gate
  readonly #init: LoadInit
  #now = 0
  #seed = 1
  #open: SimulatedRequest[] = []
  #debtMs = 0
  #stalledMs = 0
  #endOfTurn: (() => void)[] = []
  readonly #all: SimulatedRequest[] = []

  constructor(init: LoadInit) {
    this.#init = init
    // What has waited too long is taken out by its client's leaving: no timer has to fire.
    const clock: Clock = { now: () => this.#now, schedule: () => ({ cancel: () => undefined }) }
    this.gate = new Gate({
      limit: init.limit,
      queue: init.queue,
      clock: () => clock,
      atEndOfTurn: (fn) => this.#endOfTurn.push(fn),
    })
  }

  /** What became of all requests of one kind that are over. */
  goneOf({ name }: Work): { answered: number; others: number } {
    const over = this.#all.filter((each) => each.name === name && !this.#open.includes(each))
    const answered = over.filter(({ state }) => state === 'answered').length
    return { answered, others: over.length - answered }
  }

  /** The processor does nothing for so long: a collection of garbage, a debugger. */
  stall(ms: number): void {
    this.#stalledMs += ms
  }

  /** Has `rate` requests a second come for `seconds`. */
  run(rate: number, seconds: number, pick: Work | ((nth: number) => Work)): Outcome {
    const all: SimulatedRequest[] = []
    const times: number[] = []
    let due = 0
    for (let step = 0; step < seconds * 1_000; step += 1) {
      this.#now += 1
      for (due += rate / 1_000; due >= 1; due -= 1) {
        const work = typeof pick === 'function' ? pick(all.length) : pick
        all.push(this.#come(work))
      }
      this.#step(times)
    }
    times.sort((a, b) => a - b)
    return {
      goodput: times.length / seconds,
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
      refused: all.filter(({ state }) => state === 'refused').length,
    }
  }

  #come(work: Work): SimulatedRequest {
    const { patienceMs, refusalMs = 0.05 } = this.#init
    // From half to one and a half times its usual, the same in each run.
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    const request = new SimulatedRequest(
      work,
      0.5 + this.#seed / 2_147_483_647,
      this.#now,
      patienceMs,
    )
    const entry = this.gate.enter(request)
    if (entry === 'begin') request.begin()
    if (entry !== 'begin' && entry !== 'wait') request.refuse(entry)
    this.#all.push(request)
    if (request.state === 'refused') this.#debtMs += refusalMs
    else this.#open.push(request)
    return request
  }

  #step(times: number[]): void {
    this.#compute()
    for (const request of this.#open) this.#settle(request, times)
    this.#open = this.#open.filter(({ state }) => state === 'waiting' || state === 'running')
    for (const fn of this.#endOfTurn.splice(0)) fn()
  }

  #compute(): void {
    if (this.#stalledMs > 0) {
      this.#stalledMs -= 1
      return
    }
    const paid = Math.min(1, this.#debtMs)
    this.#debtMs -= paid
    const running = this.#open.filter(({ state }) => state === 'running')
    const busy = running.filter(({ cpuMs }) => cpuMs > 0)
    for (const request of running) {
      if (request.cpuMs > 0) request.cpuMs -= (1 - paid) / busy.length
      else request.waitMs -= 1
    }
  }

  #settle(request: SimulatedRequest, times: number[]): void {
    const isDone = request.state === 'running' && request.cpuMs <= 0 && request.waitMs <= 0
    const isLate = this.#now >= request.expiresAt
    if (isDone && !isLate) times.push(this.#now - request.cameAt)
    if (!isDone && !isLate) return
    if (request.state === 'running') {
      request.state = isDone ? 'answered' : 'gone'
      this.gate.leave(request, !isDone)
    } else if (request.state === 'waiting') {
      request.state = 'gone'
      this.gate.giveUp(request)
    }
  }
}
