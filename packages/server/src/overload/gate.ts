import { type Clock, currentClock, type Timer } from '@yuzuru/concurrency'
import { type Link, type RefusalCode, Ring } from '@yuzuru/concurrency/boundary'
import type { LearningLimit, Limit, Running } from './limit.ts'
import type { RequestPriority } from './request-priority.ts'
import { WaitingLine } from './waiting-line.ts'

/** What asks for a turn. */
export interface Entrant {
  readonly priority: RequestPriority
  /** `GET /plans/:id` */
  readonly name: string
  /** When its time is over, on the clock; `Infinity` for never. */
  readonly expiresAt: number
  /** Whether the head of its answer has left: what goes on then is sent, and is no longer worked on. */
  readonly isAnswering: boolean
  /** Its turn has come, after a wait. */
  begin(): void
  /** Its turn will not come. */
  refuse(code: RefusalCode): void
  /** The gate's own note on it. Most need none: only where it waits, or where the limit learns. */
  pass: Pass | undefined
}

/** What the gate knows of one that has come. */
export class Pass implements Link<Pass> {
  home: Ring<Pass> | undefined
  before: Pass = this
  after: Pass = this
  readonly entrant: Entrant
  readonly priority: RequestPriority
  /** Since when it waits, if it does. */
  cameAt = 0
  beganAt = 0
  era = 0
  /** Whether it is counted among those that run. */
  counts = false
  timer: Timer | undefined

  constructor(entrant: Entrant) {
    this.entrant = entrant
    this.priority = entrant.priority
  }
}

/** What became of one that asked: it may begin now, has to wait, or must not begin. */
export type Entry = 'begin' | 'wait' | RefusalCode

export interface GateOptions {
  readonly limit: Limit | LearningLimit
  /** How many may wait. @default what the limit says */
  readonly queue?: number | undefined
  /** Calls back at the end of this turn of the event loop. @default setImmediate */
  readonly atEndOfTurn?: ((fn: () => void) => unknown) | undefined
  /** @default the clock in force */
  readonly clock?: (() => Clock) | undefined
}

/** How many probes may be under way at once. */
const MOST_PROBES = 100

/**
 * Lets so many run at once, and the others wait for their turn.
 *
 * With a limit that learns, one counts until the end of the turn of the event loop in which it ended: of a
 * hundred that the same turn brought, and that answer without a wait, the last has waited for all others.
 */
export class Gate {
  readonly #limit: Limit
  readonly #learning: LearningLimit | undefined
  readonly #queue: number | undefined
  readonly #clock: () => Clock
  readonly #atEndOfTurn: (fn: () => void) => unknown
  readonly #line: WaitingLine<Pass> = new WaitingLine()
  /** Those that run, where the limit asks. */
  readonly #runners: Ring<Pass> = new Ring()
  readonly #ended: { readonly pass: Pass; readonly isCut: boolean }[] = []
  #running = 0
  /** Those that run, and those whose answer is only being sent. */
  #open = 0
  #probes = 0
  #turnBeganAt: number | undefined
  #closed = false

  constructor(options: GateOptions) {
    const { limit, queue, clock = currentClock, atEndOfTurn = setImmediate } = options
    this.#limit = limit
    this.#learning = 'learn' in limit ? limit : undefined
    this.#queue = queue
    this.#clock = clock
    this.#atEndOfTurn = atEndOfTurn
  }

  /** How many run, probes left out. */
  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#line.size
  }

  /** @param now what its clock has just said, to save a reading */
  enter(entrant: Entrant, now: number = this.#clock().now()): Entry {
    if (this.#closed) return 'closed'
    if (entrant.priority === 'probe') return this.#enterProbe()
    if (this.#learning !== undefined) {
      this.#learn(this.#learning, now)
      this.#next()
    }
    if (this.#line.size > 0 || !this.#hasRoom) return this.#wait(entrant)
    this.#admit(entrant, now)
    return 'begin'
  }

  /**
   * One that had its turn has ended.
   *
   * @param isCut whether it ended without an answer of its own: its client left, or it took too long
   */
  leave(entrant: Entrant, isCut: boolean): void {
    if (entrant.priority === 'probe') {
      this.#probes -= 1
    } else if (this.#learning === undefined) {
      this.#running -= 1
      this.#open -= 1
      this.#next()
    } else {
      this.#ended.push({ pass: entrant.pass as Pass, isCut })
      this.#watchTurn()
    }
  }

  /** One that waits no longer wants its turn: its client has gone. */
  giveUp(entrant: Entrant): void {
    const pass = entrant.pass as Pass
    this.#line.remove(pass)
    pass.timer?.cancel()
  }

  /** Refuses those that wait, and all that come. */
  close(): void {
    this.#closed = true
    for (let each = this.#line.take(); each !== undefined; each = this.#line.take()) {
      this.#refuse(each, 'closed')
    }
  }

  #enterProbe(): Entry {
    if (this.#probes >= MOST_PROBES) return 'overloaded'
    this.#probes += 1
    return 'begin'
  }

  #wait(entrant: Entrant): Entry {
    const pass = new Pass(entrant)
    const gone = this.#line.add(pass, this.#queue ?? this.#limit.queue)
    if (gone === pass) return 'overloaded'
    if (gone !== undefined) this.#refuse(gone, 'overloaded')
    entrant.pass = pass
    this.#arm(pass)
    return 'wait'
  }

  get #hasRoom(): boolean {
    return this.#running < this.#limit.current && this.#open < this.#limit.most
  }

  #admit(entrant: Entrant, now: number): void {
    this.#running += 1
    this.#open += 1
    const learning = this.#learning
    if (learning === undefined) return
    const pass = (entrant.pass ??= new Pass(entrant))
    pass.beganAt = now
    pass.era = learning.era
    pass.counts = true
    this.#runners.add(pass)
    learning.ran(this.#running)
    this.#watchTurn()
  }

  /** Gives turns while there are some. */
  #next(): void {
    while (this.#hasRoom) {
      const { isOverflowing } = this.#line
      const next = this.#line.take()
      if (next === undefined) return
      next.timer?.cancel()
      const { entrant } = next
      const now = this.#clock().now()
      if (entrant.expiresAt <= now) {
        entrant.refuse('acquire_timeout')
      } else if (isOverflowing && now - next.cameAt > this.#longestWaitMs) {
        entrant.refuse('overloaded')
      } else {
        this.#admit(entrant, now)
        entrant.begin()
      }
    }
  }

  /**
   * While too many come, what has waited longer than requests take is not worth a turn: it would have taken
   * far longer than usual in the end.
   */
  get #longestWaitMs(): number {
    return this.#learning?.tookMs ?? Infinity
  }

  #arm(pass: Pass): void {
    const { expiresAt } = pass.entrant
    const clock = this.#clock()
    const now = clock.now()
    pass.cameAt = now
    if (expiresAt === Infinity) return
    const expire = (): void => {
      this.#line.remove(pass)
      pass.entrant.refuse('acquire_timeout')
    }
    pass.timer = clock.schedule(Math.max(0, expiresAt - now), expire, now)
  }

  #refuse(pass: Pass, code: RefusalCode): void {
    pass.timer?.cancel()
    pass.entrant.refuse(code)
  }

  #watchTurn(): void {
    if (this.#turnBeganAt !== undefined) return
    this.#turnBeganAt = this.#clock().now()
    this.#atEndOfTurn(() => this.#endTurn())
  }

  #endTurn(): void {
    const learning = this.#learning as LearningLimit
    const now = this.#clock().now()
    learning.turned(now - (this.#turnBeganAt as number))
    this.#turnBeganAt = undefined
    for (const { pass, isCut } of this.#ended.splice(0)) this.#settle(learning, pass, isCut, now)
    this.#learn(learning, now)
    this.#next()
  }

  #settle(learning: LearningLimit, pass: Pass, isCut: boolean, now: number): void {
    this.#runners.remove(pass)
    this.#open -= 1
    if (!pass.counts) return
    this.#running -= 1
    const tookMs = now - pass.beganAt
    learning.ended({ name: pass.entrant.name, tookMs, era: pass.era, isCut })
  }

  #learn(learning: LearningLimit, now: number): void {
    if (!learning.isDue(now)) return
    const running: Running[] = []
    for (const pass of this.#runners.all) {
      const { name, isAnswering } = pass.entrant
      if (pass.counts && isAnswering) {
        pass.counts = false
        this.#running -= 1
      }
      if (pass.counts) running.push({ name, beganAt: pass.beganAt })
    }
    learning.learn(now, running)
  }
}
