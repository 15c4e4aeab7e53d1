import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Cancelled, currentClock, detached } from '@yuzuru/concurrency'
import {
  closing,
  type Closing,
  type CloseOptions,
  type EnteredScope,
  enterScope,
  expectMilliseconds,
  expectOptions,
  type RefusalCode,
} from '@yuzuru/concurrency/boundary'
import { answerFailure } from './answer-failure.ts'
import { answerLeft, callAfter } from './after-answer.ts'
import { Gate } from '../overload/gate.ts'
import { limitOf } from '../overload/limit-option.ts'
import { ServerError } from '../server-error.ts'
import { currentRequest, enterRequest } from '../request/current-request.ts'
import { callTraced, isTraced } from '../request/request-trace.ts'
import { type CallHandler, type Failure, failWith, RequestLife } from './request-life.ts'
import { answerLate } from './late-failure.ts'
import { Lives } from './lives.ts'
import type { RequestHooks } from './request-hooks.ts'
import { closeWithConnection } from './queued-answers.ts'
import { expectedNow, isThenable } from '../request/is-thenable.ts'
import { writeLine } from '../request/request-log.ts'
import { writeRefusal } from './write-refusal.ts'
import { DRAIN_MS, nameOf, type RequestSettings } from '../request/request-options.ts'

/*
 * The life of a request
 *
 * 1. Its head has been read: it gets a name, a priority and a deadline (`maxRequestMs`, or less if a peer
 *    that is trusted sent a budget). With no time left, or too many that wait, it is answered at once.
 * 2. It waits for its turn (overload/gate.ts), and is dropped there if its deadline passes first.
 * 3. It gets a scope, outside of all others: a connection belongs to no caller. The handler is called in it.
 *    Whatever it starts is cancelled if its client goes away or its deadline passes; what it throws becomes
 *    a problem.
 * 4. The scope ends with the answer. Work that goes on then has been forgotten: it is cancelled and
 *    reported, unless it was handed to `afterResponse`.
 * 5. What was handed over runs in a scope of the server; then there is one line in the log.
 *
 * docs/semantics.md has the rules of scopes.
 */

/** How long answers may take to leave that are made as the grace of the last requests ends, in milliseconds. */
const LAST_ANSWERS_MS = 1_000

/** Requests under way, and their scopes. */
export class RequestScopes {
  readonly #settings: RequestSettings
  readonly #hooks: RequestHooks
  readonly #gate: Gate
  readonly #lives: Lives = new Lives(() => detached(() => this.#work.step()))
  readonly #work: Closing<string>
  readonly #turns = {
    begin: (life: RequestLife): void => this.#begin(life, currentClock().now()),
    refuse: (life: RequestLife, code: RefusalCode): void => this.#refuse(life, code),
  }

  constructor(settings: RequestSettings, hooks: RequestHooks = {}) {
    this.#settings = settings
    this.#hooks = hooks
    this.#gate = new Gate({ limit: limitOf(settings.limit), queue: settings.queue })
    this.#work = closing({
      name: 'server',
      refuse: ({ message }, operation) =>
        new ServerError(`"${operation}" was not begun: ${message}`, {
          operation,
          code: 'closed',
          retryable: true,
          outcome: 'none',
        }),
      cut: () => this.#cancelAll(),
      undoMs: settings.graceMs + LAST_ANSWERS_MS,
      end: () => this.#gate.close(),
    })
  }

  get active(): number {
    return this.#lives.size
  }

  get requests(): readonly RequestLife[] {
    return this.#lives.all
  }

  /** Whether the caller is one of these requests, or work after one: it cannot wait until they have ended. */
  get isAround(): boolean {
    const current = currentRequest()
    return current !== undefined && this.#lives.all.some(({ context }) => context === current)
  }

  async close(options: CloseOptions = {}): Promise<void> {
    expectOptions(options, ['drainMs'], 'requestScope.close')
    const { drainMs = DRAIN_MS } = options
    expectMilliseconds('drainMs', drainMs)
    const { isAround } = this
    const closed = detached(() => this.#work.close({ drainMs }))
    if (!isAround) await closed
  }

  handle(request: IncomingMessage, response: ServerResponse, next: CallHandler): void {
    const life = new RequestLife(request, response, next, this.#turns, currentClock().now())
    this.#ask(life)
    if (isTraced()) callTraced(life, () => this.#admit(life))
    else this.#admit(life)
  }

  #admit(life: RequestLife): void {
    const isLate = life.expiresAt <= life.startedAt
    const entry = isLate ? 'acquire_timeout' : this.#gate.enter(life, life.startedAt)
    if (entry === 'begin') {
      this.#enter(life)
      this.#begin(life, life.startedAt)
    } else if (entry === 'wait') {
      this.#enter(life)
      life.wait()
    } else {
      // Before there is a scope, a timer or a context: this has to cost next to nothing.
      const { response } = life
      if (this.#hooks.closed !== undefined)
        response.on('close', () => this.#hooks.closed?.(response))
      writeRefusal(entry, life)
      writeLine(this.#settings.log, life)
    }
  }

  /** What the program's own functions say of a request: if one of them throws, the request fails with that. */
  #ask(life: RequestLife): void {
    const { maxRequestMs, readBudget, priority, name } = this.#settings
    const { request, startedAt } = life
    life.expiresAt = startedAt + maxRequestMs
    try {
      life.name = name(request)
      if (typeof life.name !== 'string') throw expectedNow('name to return a string', life.name)
      const budgetMs = readBudget(request)
      life.priority = priority(request)
      if (budgetMs !== undefined && budgetMs < maxRequestMs) life.expiresAt = startedAt + budgetMs
    } catch (error) {
      life.name = nameOf(request)
      life.next = failWith(error)
    }
  }

  #enter(life: RequestLife): void {
    const { response } = life
    this.#lives.add(life)
    response.on('close', () => this.#closed(life))
    // A handler that writes behind its own answer: without a listener the process would end.
    response.on('error', (error) => life.fail(error))
    if (response.socket === null) closeWithConnection(response)
  }

  /** Its turn has come: the handler is called in a scope of its own. */
  #begin(life: RequestLife, now: number): void {
    life.isWaiting = false
    life.entered = enterScope({
      name: life.name,
      timeoutMs: Math.max(1, life.expiresAt - now),
      now,
      timer: !this.#lives.deadlines.add(life, now),
      onCancel: (reason) => void detached(() => this.#endInGrace(life, reason)),
    })
    life.entered.call(this.#call, life)
  }

  /** Calls the handler. Where it answers without a promise, none is made here. */
  readonly #call = (life: RequestLife): void => {
    enterRequest(life.context)
    try {
      const result = life.next(life.request, life.response)
      if (isThenable(result)) {
        Promise.resolve(result).then(
          () => this.#settled(life),
          (error: unknown) => this.#settled(life, { error }),
        )
        return
      }
    } catch (error) {
      this.#settled(life, { error })
      return
    }
    this.#settled(life)
  }

  /** The handler has returned, or failed. Most often its answer has not left yet. */
  #settled(life: RequestLife, failure?: Failure): void {
    life.isSettled = true
    if (life.cancelled !== undefined) life.cancelled.resolve(failure)
    else if (failure !== undefined || life.response.closed) this.#end(life, failure)
  }

  /** The answer has left, or its client has. */
  #closed(life: RequestLife): void {
    this.#hooks.closed?.(life.response)
    life.end()
    if (life.entered === undefined) {
      // It had to go before its turn, or its client did not wait for that.
      if (life.isWaiting) this.#gate.giveUp(life)
      this.#finished(life)
    } else if (life.isSettled && !life.isEnding) {
      this.#end(life)
    }
  }

  /** The handler has ended by itself. What it left behind is ended; most often that is nothing. */
  #end(life: RequestLife, failure?: Failure): void {
    life.isEnding = true
    this.#giveBack(life)
    const leaving = (life.entered as EnteredScope).leave(failure)
    if (leaving === undefined) {
      this.#over(life, failure)
      return
    }
    life.ending = leaving.then(
      () => failure,
      (error: unknown) => ({ error }),
    )
    void life.ending.then((why) => {
      if (life.cancelled === undefined) detached(() => this.#over(life, why))
    })
  }

  /** It was cancelled: by its deadline, its client or the end of the server. The handler has its grace. */
  async #endInGrace(life: RequestLife, reason: Cancelled): Promise<void> {
    life.isEnding = true
    life.cancelled = Promise.withResolvers()
    answerLate(life)
    if (!life.isSettled) this.#hooks.cancelled?.(life.request, reason, life.response)
    life.ending ??= this.#endCancelled(life, reason, life.cancelled.promise)
    const { graceMs } = this.#settings
    const failure = await (life.entered as EnteredScope)
      .endInGrace(life.ending, graceMs)
      .catch((error: unknown) => ({ error }))
    this.#over(life, failure)
  }

  async #endCancelled(
    life: RequestLife,
    reason: Cancelled,
    settled: Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    // If the handler has returned, it was the answer that took too long.
    let failure = life.isSettled ? { error: reason } : await settled
    // A handler that swallowed its cancel and gave no answer.
    if (failure === undefined && !life.response.writableEnded) failure = { error: reason }
    this.#giveBack(life)
    await (life.entered as EnteredScope).leave(failure)
    return failure
  }

  #giveBack(life: RequestLife): void {
    this.#gate.leave(life, !life.response.headersSent)
  }

  /** Its scope has ended. */
  #over(life: RequestLife, failure: Failure | undefined): void {
    // Not before: what was left behind has its time as well.
    this.#lives.deadlines.remove(life)
    if (failure !== undefined) answerFailure(life, life.entered?.explain(failure.error))
    if (life.response.closed && life.later === undefined) this.#finished(life)
    else void detached(() => this.#finish(life))
  }

  /** Its turn did not come. */
  #refuse(life: RequestLife, code: RefusalCode): void {
    life.isWaiting = false
    writeRefusal(code, life)
  }

  async #finish(life: RequestLife): Promise<void> {
    const { maxRequestMs, graceMs } = this.#settings
    const { signal } = this.#work
    await answerLeft(life, maxRequestMs, signal)
    for (const fn of life.later ?? []) await callAfter(life, fn, graceMs, signal)
    this.#finished(life)
  }

  #finished(life: RequestLife): void {
    this.#lives.remove(life)
    writeLine(this.#settings.log, life)
    life.context.leave()
  }

  #cancelAll(): void {
    this.#gate.close()
    for (const { scope } of this.#lives.all) scope?.cancel('the server is closing')
  }
}
