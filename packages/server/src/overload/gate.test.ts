import type { Clock } from '@yuzuru/concurrency'
import type { RefusalCode } from '@yuzuru/concurrency/boundary'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Entrant, Gate, type Pass } from './gate.ts'
import { fixedLimit, type LearningLimit } from './limit.ts'
import type { RequestPriority } from './request-priority.ts'

class Request implements Entrant {
  readonly id: number
  readonly priority: RequestPriority
  readonly name = 'GET /'
  readonly expiresAt: number
  isAnswering = false
  pass: Pass | undefined
  state = 'new'
  readonly #log: string[]

  constructor(id: number, priority: RequestPriority, expiresAt: number, log: string[]) {
    this.id = id
    this.priority = priority
    this.expiresAt = expiresAt
    this.#log = log
  }

  begin(): void {
    this.state = 'running'
    this.#log.push(`begin ${this.id}`)
  }

  refuse(code: RefusalCode): void {
    this.state = 'refused'
    this.#log.push(`${code} ${this.id}`)
  }
}

/** A clock whose timers fire only for those that a test takes: late, as with a busy event loop. */
class LateClock implements Clock {
  time = 0
  readonly timers = new Map<() => void, number>()

  now(): number {
    return this.time
  }

  schedule(delayMs: number, callback: () => void): { cancel(): void } {
    this.timers.set(callback, this.time + delayMs)
    return { cancel: () => this.timers.delete(callback) }
  }

  fire(): void {
    for (const [callback, at] of [...this.timers].sort(([, a], [, b]) => a - b)) {
      if (at <= this.time && this.timers.delete(callback)) callback()
    }
  }
}

/** The same rules, with plain arrays. */
class Model {
  readonly running: Request[] = []
  readonly log: string[] = []
  waiting: Request[] = []
  isNewestFirst = false
  readonly #limit: number
  readonly #queue: number

  constructor(limit: number, queue: number) {
    this.#limit = limit
    this.#queue = queue
  }

  enter(request: Request): void {
    if (request.priority === 'probe') {
      this.log.push(`begin ${request.id}`)
    } else if (this.waiting.length === 0 && this.running.length < this.#limit) {
      this.#begin(request)
    } else {
      this.waiting.push(request)
      if (this.waiting.length > this.#queue) {
        const batch = this.waiting.filter(({ priority }) => priority === 'batch')
        const [oldest] = batch.length > 0 ? batch : this.waiting
        this.#drop(oldest as Request, 'overloaded')
        this.isNewestFirst = this.waiting.length > 0
      }
    }
  }

  leave(request: Request, now: number): void {
    this.running.splice(this.running.indexOf(request), 1)
    while (this.running.length < this.#limit && this.waiting.length > 0) {
      const urgent = this.waiting.filter(({ priority }) => priority === 'interactive')
      const among = urgent.length > 0 ? urgent : this.waiting
      const next = among.at(this.isNewestFirst ? -1 : 0) as Request
      if (next.expiresAt <= now) {
        this.#drop(next, 'acquire_timeout')
      } else {
        this.giveUp(next)
        this.#begin(next)
      }
    }
  }

  giveUp(request: Request): void {
    this.waiting = this.waiting.filter((each) => each !== request)
    if (this.waiting.length === 0) this.isNewestFirst = false
  }

  expire(now: number): void {
    const late = this.waiting.filter(({ expiresAt }) => expiresAt <= now)
    for (const each of late.sort((a, b) => a.expiresAt - b.expiresAt)) {
      this.#drop(each, 'acquire_timeout')
    }
  }

  #begin(request: Request): void {
    this.running.push(request)
    this.log.push(`begin ${request.id}`)
  }

  #drop(request: Request, why: string): void {
    this.giveUp(request)
    this.log.push(`${why} ${request.id}`)
  }
}

const command = fc.oneof(
  fc.record({
    what: fc.constant('enter' as const),
    priority: fc.constantFrom<RequestPriority>('interactive', 'interactive', 'batch', 'probe'),
    leftMs: fc.constantFrom(1, 3, 10, Infinity),
  }),
  fc.record({ what: fc.constantFrom('leave', 'give up'), nth: fc.nat() }),
  fc.record({ what: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ what: fc.constant('fire' as const) }),
)

describe('one that waits, with a clock whose timers are late', () => {
  const waiting = () => {
    const clock = new LateClock()
    const log: string[] = []
    const gate = new Gate({ limit: fixedLimit(1), queue: 2, clock: () => clock })
    const [first, second] = [10, 5].map(
      (leftMs, id) => new Request(id + 1, 'interactive', leftMs, log),
    ) as [Request, Request]
    expect([gate.enter(first), gate.enter(second)]).toEqual(['begin', 'wait'])
    return { clock, log, gate, first, second }
  }

  test('is not begun once its time is over, though its timer has not fired', () => {
    const { clock, log, gate, first } = waiting()
    clock.time = 5
    gate.leave(first, false)
    expect(log).toEqual(['acquire_timeout 2'])
    expect([gate.running, gate.waiting, clock.timers.size]).toEqual([0, 0, 0])
  })

  test('is begun up to then', () => {
    const { clock, log, gate, first } = waiting()
    clock.time = 4.9
    gate.leave(first, false)
    expect(log).toEqual(['begin 2'])
  })

  test('leaves no timer when its client goes', () => {
    const { clock, log, gate, second } = waiting()
    gate.giveUp(second)
    expect([gate.waiting, clock.timers.size, log]).toEqual([0, 0, []])
  })
})

test('the gate does what a plain model does, whatever comes, ends, leaves and falls due', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(command, { maxLength: 80 }),
      (limit, queue, commands) => {
        const clock = new LateClock()
        const log: string[] = []
        const gate = new Gate({ limit: fixedLimit(limit), queue, clock: () => clock })
        const model = new Model(limit, queue)
        let count = 0
        for (const each of commands) {
          if (each.what === 'enter' && 'priority' in each) {
            const { priority, leftMs } = each
            const request = new Request((count += 1), priority, clock.time + leftMs, log)
            model.enter(request)
            const entry = gate.enter(request)
            if (entry === 'begin') request.begin()
            else if (entry !== 'wait') request.refuse(entry)
          } else if (each.what === 'leave' && 'nth' in each) {
            const request = model.running[each.nth % model.running.length]
            if (request === undefined) continue
            model.leave(request, clock.time)
            gate.leave(request, false)
          } else if (each.what === 'give up' && 'nth' in each) {
            const request = model.waiting[each.nth % model.waiting.length]
            if (request === undefined) continue
            model.giveUp(request)
            gate.giveUp(request)
          } else if ('ms' in each) {
            clock.time += each.ms
          } else {
            clock.fire()
            model.expire(clock.time)
          }
          expect([gate.running, gate.waiting]).toEqual([model.running.length, model.waiting.length])
          expect(log).toEqual(model.log)
          // One timer for each that waits and has a deadline; none is left behind.
          const timed = model.waiting.filter(({ expiresAt }) => expiresAt < Infinity)
          expect(clock.timers.size).toBe(timed.length)
        }
        gate.close()
        expect([gate.waiting, clock.timers.size]).toEqual([0, 0])
        const closed = log.slice(model.log.length).map((line) => line.split(' ')[0])
        expect(closed).toEqual(model.waiting.map(() => 'closed'))
        expect(gate.enter(new Request(0, 'interactive', Infinity, log))).toBe('closed')
      },
    ),
  )
})

const gateOf = (limit: number, queue: number) => {
  const log: string[] = []
  const gate = new Gate({ limit: fixedLimit(limit), queue })
  let count = 0
  const come = (priority: RequestPriority): Request => {
    const request = new Request((count += 1), priority, Infinity, log)
    const entry = gate.enter(request)
    if (entry === 'begin') request.begin()
    else if (entry !== 'wait') request.refuse(entry)
    return request
  }
  return { gate, log, come }
}

test('until too many come the first goes first; from then on the newest does, until none waits', () => {
  const { gate, log, come } = gateOf(1, 2)
  const running = [come('interactive'), come('interactive'), come('interactive')]
  expect(log).toEqual(['begin 1'])
  come('interactive')
  expect(log.splice(0)).toEqual(['begin 1', 'overloaded 2'])
  gate.leave(running[0] as Request, false)
  gate.leave(running[0] as Request, false)
  expect(log.splice(0)).toEqual(['begin 4', 'begin 3'])
  come('interactive')
  come('interactive')
  gate.leave(running[0] as Request, false)
  expect(log).toEqual(['begin 5'])
})

test('an interactive request goes before a batch one, and takes its place when too many wait', () => {
  const { gate, log, come } = gateOf(1, 2)
  const first = come('batch')
  come('batch')
  come('interactive')
  come('interactive')
  come('batch')
  expect(log.splice(0)).toEqual(['begin 1', 'overloaded 2', 'overloaded 5'])
  gate.leave(first, false)
  expect(log).toEqual(['begin 4'])
})

test('a probe never waits and takes no turn, and even of these there is a most', () => {
  const { gate, log, come } = gateOf(1, 0)
  come('interactive')
  const probes = Array.from({ length: 101 }, () => come('probe'))
  expect([log.length, log.at(-1), gate.running]).toEqual([102, 'overloaded 102', 1])
  gate.leave(probes[0] as Request, false)
  come('probe')
  expect(log.at(-1)).toBe('begin 103')
})

/** A limit that a test sets. */
class GivenLimit implements LearningLimit {
  current = 2
  queue = 2
  most = 4
  era = 0
  tookMs = 10
  due = false
  readonly samples: string[] = []
  ran(): void {}
  ended({ name, tookMs, isCut }: { name: string; tookMs: number; isCut: boolean }): void {
    this.samples.push(`${name} ${tookMs} ${isCut}`)
  }
  turned(delayMs: number): void {
    this.samples.push(`turn ${delayMs}`)
  }
  isDue(): boolean {
    return this.due
  }
  learn(): void {}
}

const learningGate = () => {
  const clock = new LateClock()
  const limit = new GivenLimit()
  const turns: (() => void)[] = []
  const gate = new Gate({ limit, clock: () => clock, atEndOfTurn: (fn) => turns.push(fn) })
  const log: string[] = []
  let count = 0
  const come = (): Request => {
    const request = new Request((count += 1), 'interactive', Infinity, log)
    const entry = gate.enter(request)
    if (entry === 'begin') request.begin()
    else if (entry !== 'wait') request.refuse(entry)
    return request
  }
  const endTurn = (): void => {
    for (const fn of turns.splice(0)) fn()
  }
  return { clock, limit, gate, log, come, endTurn }
}

test('with a limit that learns, a request counts and takes its time until its turn of the loop ends', () => {
  const { clock, limit, gate, log, come, endTurn } = learningGate()
  const [first, second] = [come(), come()]
  clock.time = 7
  gate.leave(first, false)
  gate.leave(second, true)
  come()
  expect([log, gate.waiting]).toEqual([['begin 1', 'begin 2'], 1])
  clock.time = 9
  endTurn()
  expect(log.at(-1)).toBe('begin 3')
  expect(limit.samples).toEqual(['turn 9', 'GET / 9 false', 'GET / 9 true'])
})

test('one whose answer is only being sent counts no longer, and says nothing of the load', () => {
  const { limit, gate, log, come, endTurn } = learningGate()
  const streams = [come(), come()]
  endTurn()
  for (const each of streams) each.isAnswering = true
  come()
  expect(log.at(-1)).toBe('begin 2')
  limit.due = true
  come()
  expect(log.slice(2)).toEqual(['begin 3', 'begin 4'])
  limit.samples.length = 0
  gate.leave(streams[0] as Request, false)
  endTurn()
  expect(limit.samples).toEqual(['turn 0'])
})

test('all that are open are bounded, those counted whose answer is only being sent', () => {
  const { limit, gate, log, come } = learningGate()
  limit.due = true
  for (let each = 0; each < 4; each += 1) come().isAnswering = true
  come()
  expect([log.length, gate.waiting]).toEqual([4, 1])
})

test('while too many come, what has waited longer than requests take gets no turn any more', () => {
  const { clock, gate, log, come, endTurn } = learningGate()
  const first = [come(), come()]
  come()
  come()
  clock.time = 1
  come()
  expect(log.splice(0)).toEqual(['begin 1', 'begin 2', 'overloaded 3'])
  clock.time = 11
  for (const each of first) gate.leave(each, false)
  endTurn()
  expect(log.splice(0)).toEqual(['begin 5', 'overloaded 4'])
  // It overflows no longer: from here on all get their turn.
  const next = come()
  come()
  clock.time = 100
  gate.leave(next, false)
  endTurn()
  expect(log).toEqual(['begin 6', 'begin 7'])
})
