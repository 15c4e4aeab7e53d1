import type { Cancellation } from './cancellation.ts'
import type { Cancelled, CancelSource } from './cancelled.ts'
import type { CallPlace } from './call-place.ts'
import type { CancelListener } from './cancel-listener.ts'
import { abort, forget, inherit, reasonOf } from './cancelling.ts'
import { currentClock } from './clock.ts'
import type { Outcome } from './outcome.ts'
import { Ring } from './ring.ts'
import type { ScopeKind } from './scope-kind.ts'
import type { ScopeNode } from './scope-node.ts'
import { markEffect, mayHaveEffect } from './scope-outcome.ts'
import { hang, roots, unhang } from './scope-tree.ts'

/*
 * The life of a scope (the rules are in docs/semantics.md):
 * 1. It begins within the innermost living scope around its caller (run-in-scope.ts, scope-tree.ts). The
 *    nearest deadline holds. A cancel of an ancestor reaches it unless a shield is between.
 * 2. Its body runs in it, and holds what that begins: scopes in `within`, waits in `listening`. Effects add
 *    up in it (scope-outcome.ts).
 *  3. It may be cancelled, by itself or from further out, and then stays so (cancelling.ts).
 * 4. When the body has ended, what it left behind is ended, and deferred functions are called.
 * 5. It ends: it leaves the tree. What begins in it later belongs to its nearest living ancestor.
 * 6. Its owner gets the value or the error, and decides what its caller gets (`Ending`).
 */

/** What a {@link Scope} is made of. */
export interface ScopeInit {
  readonly kind: ScopeKind
  readonly name: string
  /** How long it may last, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number
  /** The current time of the clock. Default: the clock is read. */
  readonly now?: number | undefined
  /** Whether the cancels and deadlines of its ancestors stop here. Default: no. */
  readonly shielded?: boolean
  /** Whether work that is left running is an error of the scope it is left in. Default: as its parent. */
  readonly strict?: boolean | undefined
  /** Whether its effects also count for the scopes around it. Default: yes. */
  readonly counts?: boolean
}

/**
 * Turns the end of a body into what the owner of the scope returns. It has no state of its own: that is in
 * the scope's `owner`.
 */
export interface Ending<T = never, R = unknown> {
  onValue(value: T, scope: Scope): R
  onError(error: unknown, scope: Scope): R
}

/** What a body can see and do of the scope around it. */
export interface CancelScope {
  readonly name: string
  /** Fires with the {@link Cancelled} when the scope, or one around it, is cancelled. */
  readonly signal: AbortSignal
  /** Whether it, or one around it, was cancelled. */
  readonly cancelled: boolean
  /** Whether its own deadline passed. */
  readonly expired: boolean
  /**
   * Whether an effect may have happened within it by now. `'none'` only if no I/O with an effect got
   * under way, or all that did is known to have had none.
   */
  readonly outcome: Outcome
  /** Asks all within to end: every later checkpoint throws. `message` says why. Only the first counts. */
  cancel(message?: string): void
  /**
   * Calls `fn`, shielded, when the scope ends; the one deferred last goes first.
   *
   * @throws {TypeError} when it has ended
   */
  defer(fn: () => unknown): void
}

/** A node in the tree of scopes. Users see only the part of it that is in {@link CancelScope}. */
export class Scope implements CancelScope, ScopeNode {
  readonly kind: ScopeKind
  readonly name: string
  readonly parent: Scope | undefined
  readonly shielded: boolean
  readonly strict: boolean
  readonly counts: boolean
  readonly startedAt: number
  /** The nearest deadline in force: its own, or an ancestor's up to a shield. */
  readonly deadline: number
  ended = false
  home: Ring<ScopeNode> | undefined
  before: ScopeNode = this
  after: ScopeNode = this
  /** The scopes within that have not ended. */
  within: Ring<ScopeNode> | undefined
  /** What was begun from within it and is elsewhere in the tree; see `countFor` in scope-outcome.ts. */
  begun: Set<ScopeNode> | undefined
  /** The scope that it was begun from, if that is not its parent. */
  beginner: ScopeNode | undefined
  /** The listeners for its cancel, among them every wait in this scope. */
  listening: Ring<CancelListener> | undefined
  cancellation: Cancellation | undefined
  controller: AbortController | undefined
  /** Whether its owner gave up waiting for it; see {@link abandon}. */
  abandoned = false
  /** Whether an I/O call of its own is under way that may have its effect at any moment. */
  inFlight = false
  /** Whether an effect may have happened, of its own or further in. */
  hadEffect = false
  /** What its body threw, if it did. */
  failure: { readonly error: unknown } | undefined
  /** Where it was started; its `stack` is read only when it has to be reported. */
  origin: CallPlace | undefined
  /** How its owner ends it, and what the owner needs for that. */
  ending!: Ending
  owner: unknown
  #deferred: (() => unknown)[] | undefined
  #done: PromiseWithResolvers<void> | undefined

  constructor(init: ScopeInit, parent: Scope | undefined) {
    const { shielded = false, timeoutMs = Infinity } = init
    this.kind = init.kind
    this.name = init.name
    this.parent = parent
    this.shielded = shielded
    this.strict = init.strict ?? parent?.strict ?? false
    this.counts = init.counts ?? true
    this.startedAt = init.now ?? currentClock().now()
    const deadline = this.startedAt + timeoutMs
    hang(this, parent)
    if (shielded || parent === undefined) {
      this.deadline = deadline
      return
    }
    this.deadline = Math.min(deadline, parent.deadline)
    if (parent.reason !== undefined) inherit(this, parent.reason)
  }

  /** Why it is cancelled, if it is. An outer cancel takes precedence over its own. */
  get reason(): Cancelled | undefined {
    return reasonOf(this)
  }

  /** The cancel that was requested of this scope itself, if any. */
  get ownReason(): Cancelled | undefined {
    return this.cancellation?.own
  }

  /** The cancel that came from an ancestor, if any. */
  get inheritedReason(): Cancelled | undefined {
    return this.cancellation?.inherited
  }

  get cancelled(): boolean {
    return this.reason !== undefined
  }

  get expired(): boolean {
    return this.ownReason?.source === 'timeout'
  }

  /** An `AbortSignal` that fires with the {@link Cancelled}; made on first use. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      const { reason } = this
      if (reason !== undefined) this.controller.abort(reason)
    }
    return this.controller.signal
  }

  get children(): Scope[] {
    return (this.within?.all ?? []) as Scope[]
  }

  /** The scopes within that have not ended. */
  get livingChildren(): Scope[] {
    return this.children.filter((child) => !child.abandoned)
  }

  get listeners(): CancelListener[] {
    return this.listening?.all ?? []
  }

  /** The waits in this scope itself. */
  get waits(): CancelListener[] {
    return this.listeners.filter((listener) => listener.describe !== undefined)
  }

  /** Whether ending it takes more than removing it from the tree. */
  get isBusy(): boolean {
    const { cancellation } = this
    return (
      this.within?.isEmpty === false ||
      this.listening?.isEmpty === false ||
      this.#deferred !== undefined ||
      (cancellation !== undefined &&
        (cancellation.delivered > 1 || cancellation.refused !== undefined))
    )
  }

  get outcome(): Outcome {
    return mayHaveEffect(this) ? 'unknown' : 'none'
  }

  /** Notes, here and further out, that an effect may have happened. */
  markEffect(): void {
    markEffect(this)
  }

  /**
   * Call it when the owner stops waiting because the grace has passed. The scope may still be running, and
   * nobody can know what it does from now on.
   */
  abandon(): void {
    this.abandoned = true
    markEffect(this)
  }

  cancel(message?: string): void {
    this.abort(this.kind === 'task' ? 'task' : 'scope', message ?? `"${this.name}" was cancelled`)
  }

  /** Asks this scope and all within it to end. Only the first time counts. */
  abort(source: CancelSource, message: string, cause?: unknown): void {
    if (!this.ended) abort(this, source, message, cause)
  }

  /** Cancels what the body left behind, and refuses whatever else it begins. */
  abortLeftovers(): void {
    this.abort('scope-end', `"${this.name}" has ended`)
  }

  throwIfCancelled(): void {
    const { reason } = this
    if (reason !== undefined) throw reason
  }

  /**
   * Notifies `listener` once when the scope is cancelled; after its end, when its nearest living ancestor
   * is.
   */
  listen(listener: CancelListener): void {
    ;(this.listening ??= new Ring()).add(listener)
  }

  /**
   * Like `listen`, but calls back at once if it is cancelled already. Returns a function that removes the
   * callback.
   */
  onCancel(onCancel: (reason: Cancelled) => void): () => void {
    const { reason } = this
    if (reason !== undefined) {
      onCancel(reason)
      return () => undefined
    }
    const listener = { onCancel } as CancelListener
    this.listen(listener)
    return () => listener.home?.remove(listener)
  }

  /** Defers `fn` until the scope ends. The last one is called first. */
  defer(fn: () => unknown): void {
    if (this.ended) {
      throw new TypeError(`Expected the scope "${this.name}" to be open, got one that has ended`)
    }
    ;(this.#deferred ??= []).push(fn)
  }

  /** Removes the last deferred function and returns it. */
  takeDeferred(): (() => unknown) | undefined {
    return this.#deferred?.pop()
  }

  /** Settles when the scope has ended. */
  get done(): Promise<void> {
    if (this.ended) return Promise.resolve()
    return (this.#done ??= Promise.withResolvers<void>()).promise
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    unhang(this)
    this.#done?.resolve()
    forget(this)
  }
}

/** The roots of the task tree. */
export function rootScopes(): ReadonlySet<Scope> {
  return new Set(roots.all as Scope[])
}
