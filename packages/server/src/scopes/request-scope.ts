import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type CancelScope,
  Cancelled,
  cancelScope,
  detached,
  moveOnAfter,
  withTimeout,
} from '@yuzuru/concurrency'
import {
  admission,
  type Admission,
  closing,
  type Closing,
  type CloseOptions,
  expected,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import { writeProblem } from '../problems/write-problem.ts'
import { ServerError } from '../server-error.ts'
import { callInRequest } from '../request/current-request.ts'
import { callTraced } from '../request/request-trace.ts'
import { RequestLife } from './request-life.ts'
import {
  nameOf,
  REQUEST_SCOPE_OPTIONS,
  type RequestScopeOptions,
  requestSettings,
  type RequestSettings,
} from '../request/request-options.ts'

/*
 * The life of a request
 *
 * 1. Its head has been read: it gets an id, a name and a deadline (`maxRequestMs`, or less if a peer that
 *    is trusted sent a budget). With no time left, or too many that wait, it is answered at once.
 * 2. It gets a scope, outside of all others: a connection belongs to no caller. In it, it waits for its
 *    turn, and is dropped there if its deadline passes first.
 * 3. The handler is called in that scope. Whatever it starts is cancelled if its client goes away or its
 *    deadline passes; what it throws becomes a problem.
 * 4. The scope ends with the answer. Work that goes on then has been forgotten: it is cancelled and
 *    reported, unless it was handed to `afterResponse`.
 * 5. What was handed over runs in a scope of the server; then there is one line in the log.
 *
 * docs/semantics.md has the rules of scopes.
 */

/** Gives each request a scope of its own; see {@link requestScope}. */
export interface RequestScope {
  (request: IncomingMessage, response: ServerResponse, next: () => unknown): void
  /** The requests and the work after them that are under way. */
  readonly active: number
  /** What is under way, for the task tree and a status page: oldest first. */
  readonly requests: readonly RequestLife[]
  /**
   * Waits for what is under way, then cancels what is left. Requests that come meanwhile are still served:
   * stop listening first.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Makes a middleware for a server that is somebody else's: express, or a bare `node:http` listener. Each
 * request runs in a scope that its client's leaving and its deadline cancel, down to the query and the
 * upload that it waits for.
 *
 * @throws {TypeError} on options that are none
 * @example
 * const scope = requestScope({ maxRequestMs: 10_000 })
 * app.use(scope)                                                      // express: before all others
 * createServer((req, res) => scope(req, res, () => handle(req, res))) // bare node:http
 */
export function requestScope(options: RequestScopeOptions = {}): RequestScope {
  expectOptions(options, REQUEST_SCOPE_OPTIONS, 'requestScope')
  const scopes = new RequestScopes(requestSettings(options))
  const scope = (request: IncomingMessage, response: ServerResponse, next: () => unknown): void =>
    scopes.handle(request, response, next)
  return Object.defineProperties(scope, {
    active: { get: () => scopes.active },
    requests: { get: () => scopes.requests },
    close: { value: (closeOptions?: CloseOptions) => scopes.close(closeOptions) },
  }) as RequestScope
}

/** How a request is to be run. */
interface Asked {
  readonly name: string
  readonly leftMs: number
  readonly next: () => unknown
}

/** Requests under way, and their scopes. */
export class RequestScopes {
  readonly #settings: RequestSettings
  readonly #slots: Admission<string>
  readonly #lives = new Set<RequestLife>()
  readonly #work: Closing<string>

  constructor(settings: RequestSettings) {
    this.#settings = settings
    const refuse = (
      refusal: { code: 'overloaded' | 'acquire_timeout' | 'closed'; message: string },
      operation: string,
    ): ServerError =>
      new ServerError(`"${operation}" was not begun: ${refusal.message}`, {
        operation,
        code: refusal.code,
        retryable: true,
        outcome: 'none',
      })
    this.#slots = admission({
      connections: settings.limit,
      queue: settings.queue,
      acquireTimeoutMs: settings.maxRequestMs,
      name: 'requests',
      kind: 'turn of',
      refuse,
    })
    this.#work = closing({
      name: 'server',
      refuse,
      cut: () => this.#cancelAll(),
      end: () => this.#slots.close(),
    })
  }

  get active(): number {
    return this.#work.active
  }

  get requests(): readonly RequestLife[] {
    return [...this.#lives]
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#work.close(options)
  }

  handle(request: IncomingMessage, response: ServerResponse, next: () => unknown): void {
    const asked = this.#ask(request, next)
    const life = new RequestLife(asked.name, request, response)
    // In no scope: a request runs in the context of the `listen` that took its connection.
    callTraced(life, () => void detached(() => this.#live(life, asked.leftMs, asked.next)))
  }

  /** What the program's own functions say of a request: if one of them throws, the request fails with that. */
  #ask(request: IncomingMessage, next: () => unknown): Asked {
    const { maxRequestMs, readBudget } = this.#settings
    try {
      const name = this.#settings.name(request)
      if (typeof name !== 'string') throw expected('name to return a string', name)
      return { name, leftMs: Math.min(maxRequestMs, readBudget(request) ?? Infinity), next }
    } catch (error) {
      const fail = (): never => {
        throw error
      }
      return { name: nameOf(request), leftMs: maxRequestMs, next: fail }
    }
  }

  async #live(life: RequestLife, leftMs: number, next: () => unknown): Promise<void> {
    using _step = this.#work.step()
    this.#lives.add(life)
    const { graceMs } = this.#settings
    const { name } = life
    try {
      await withTimeout(leftMs, (scope) => this.#answer(life, scope, next), { name, graceMs })
    } catch (error) {
      this.#endWithout(life, error)
    }
    await this.#finish(life)
  }

  async #answer(life: RequestLife, scope: CancelScope, next: () => unknown): Promise<void> {
    life.scope = scope
    using _slot = this.#slots.tryAcquire(life.name) ?? (await this.#slots.acquire(life.name))
    await callInRequest(life, next)
    if (!scope.cancelled) await life.closed()
    // A handler that swallowed its cancel and gave no answer.
    else if (!life.response.writableEnded) throw scope.signal.reason
  }

  /** Answers for a handler that failed, or did not end in time. */
  #endWithout(life: RequestLife, error: unknown): void {
    const { request, response } = life
    const isOver = Cancelled.isInstance(error) && response.destroyed
    if (isOver) return
    // All of it was written and it is its turn, and the client did not take it in time.
    const isStalled = response.writableEnded && response.socket !== null
    if (isStalled && life.scope?.cancelled === true) request.socket.destroy()
    try {
      callInRequest(life, () => writeProblem(error, request, response))
    } catch (failure) {
      life.fail(failure)
      request.socket.destroy()
    }
  }

  /** Waits until the answer has left; a client that does not take it in time, or before the server ends, is cut. */
  async #leave(life: RequestLife): Promise<void> {
    // As it nearly always has: the scope of the request ended with it.
    if (life.response.closed) return
    const { maxRequestMs } = this.#settings
    const { signal } = this.#work
    const name = `end of the answer to ${life.name}`
    const wait = (): unknown => moveOnAfter(maxRequestMs, () => life.closed(), { name })
    await cancelScope(wait, { name, signal }).catch((error: unknown) => {
      if (!Cancelled.isInstance(error)) throw error
    })
    if (!life.response.closed) life.request.socket.destroy()
    await life.closed()
  }

  async #finish(life: RequestLife): Promise<void> {
    await this.#leave(life)
    const name = `after ${life.name}`
    const { signal } = this.#work
    for (const fn of life.later) {
      await cancelScope(() => callInRequest(life, fn), { name, signal }).catch((error: unknown) => {
        life.fail(error)
      })
    }
    this.#lives.delete(life)
    this.#log(life)
  }

  #log(life: RequestLife): void {
    try {
      this.#settings.log?.info(life.line(), life.name)
    } catch (error) {
      const kind = error instanceof Error ? error.name : typeof error
      process.emitWarning(`log.info failed: ${kind}`, 'RequestLogWarning')
    }
  }

  #cancelAll(): void {
    for (const { scope } of this.#lives) scope?.cancel('the server is closing')
  }
}
