import { Cancelled, type CancelSource } from './cancelled.ts'
import type { CallPlace } from './call-place.ts'
import type { CancelListener } from './cancel-listener.ts'
import { currentClock } from './clock.ts'
import { closeRejections, openRejections } from './leftover-rejections.ts'
import type { Outcome } from './outcome.ts'
import type { Refused } from './refusal.ts'
import { type Link, Ring } from './ring.ts'

/** What made a scope. */
export type ScopeKind =
  | 'run'
  | 'scope'
  | 'timeout'
  | 'shield'
  | 'group'
  | 'task'
  | 'io'
  | 'iterator'
  | 'wait'

/** What a {@link Scope} is made of. */
export interface ScopeInit {
  readonly kind: ScopeKind
  readonly name: string
  readonly parent: Scope | undefined
  /** When it is due, in milliseconds from its start. Default: never. */
  readonly timeoutMs?: number
  /** Whether the cancels and deadlines of its ancestors stop here. Default: no. */
  readonly shielded?: boolean
  /** Whether work that is left running is an error of the scope it is left in. Default: as its parent. */
  readonly strict?: boolean
  /** Whether what happens in it is an effect of the scopes around it as well. Default: yes. */
  readonly counts?: boolean
}

/** The scopes without a parent that have not ended: where the task tree starts. */
const roots = new Set<Scope>()

/** The roots of the task tree. */
export function rootScopes(): ReadonlySet<Scope> {
  return roots
}

/** `scope`, or when it has ended, its nearest ancestor that has not. */
export function livingScope(scope: Scope | undefined): Scope | undefined {
  let living = scope
  while (living?.ended) living = living.parent
  return living
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
   * Has `fn` called, shielded, when the scope ends; the last one first.
   *
   * @throws {TypeError} when it has ended
   */
  defer(fn: () => unknown): void
}

/**
 * One node of the tree of scopes: it can be cancelled, is told of its parent's cancel, and knows its
 * deadline. Cancels are level-triggered: once cancelled, it stays so until it is left.
 */
export class Scope implements CancelScope, Link<Scope> {
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
  home: Ring<Scope> | undefined
  before: Scope = this
  after: Scope = this
  /** Whether its owner gave up waiting for it; see {@link abandon}. */
  abandoned = false
  /** Whether something of its own is under way that may have its effect at any moment. */
  inFlight = false
  /** What its body threw, if it did. */
  failure: { readonly error: unknown } | undefined
  /** Where it was started; its `stack` is read only when it has to be reported. */
  origin: CallPlace | undefined
  /** How much its cancel ended within that the body may have waited for: with any, it has heard of it. */
  delivered = 0
  /** What was refused in it because it is cancelled. */
  refused: Refused | undefined
  #own: Cancelled | undefined
  #inherited: Cancelled | undefined
  #controller: AbortController | undefined
  #children: Ring<Scope> | undefined
  #listeners: Ring<CancelListener> | undefined
  #deferred: (() => unknown)[] | undefined
  #done: PromiseWithResolvers<void> | undefined
  #outcome: Outcome = 'none'

  constructor(init: ScopeInit) {
    const { parent, shielded = false, timeoutMs = Infinity } = init
    this.kind = init.kind
    this.name = init.name
    this.parent = parent
    this.shielded = shielded
    this.strict = init.strict ?? parent?.strict ?? false
    this.counts = init.counts ?? true
    this.startedAt = currentClock().now()
    const deadline = this.startedAt + timeoutMs
    if (parent === undefined) {
      this.deadline = deadline
      roots.add(this)
      return
    }
    this.deadline = shielded ? deadline : Math.min(deadline, parent.deadline)
    if (!shielded) this.#inherited = parent.reason
    ;(parent.#children ??= new Ring()).add(this)
  }

  /** Why it is cancelled, if it is. An outer cancel takes precedence over its own. */
  get reason(): Cancelled | undefined {
    return this.#inherited ?? this.#own
  }

  /** The cancel that was asked of this very scope, if any. */
  get ownReason(): Cancelled | undefined {
    return this.#own
  }

  /** The cancel that came from an ancestor, if any. */
  get inheritedReason(): Cancelled | undefined {
    return this.#inherited
  }

  /** An `AbortSignal` that fires with the {@link Cancelled}; made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      const reason = this.reason
      if (reason !== undefined) this.#controller.abort(reason)
    }
    return this.#controller.signal
  }

  /** The scopes within that have not ended. */
  get children(): Scope[] {
    return this.#children?.all ?? []
  }

  /** The scopes within that somebody still waits for. */
  get livingChildren(): Scope[] {
    return this.children.filter((child) => !child.abandoned)
  }

  /** What is waited for in this very scope. */
  get waits(): CancelListener[] {
    return this.listeners.filter((listener) => listener.describe !== undefined)
  }

  /** Whether ending it takes more than taking it out of the tree. */
  get isBusy(): boolean {
    return (
      this.#children?.isEmpty === false ||
      this.#listeners?.isEmpty === false ||
      this.#deferred !== undefined ||
      this.delivered > 1 ||
      this.refused !== undefined
    )
  }

  /** The one rule of outcomes: they add up over a scope, whatever became of the errors within. */
  get outcome(): Outcome {
    return this.#outcome === 'unknown' || this.#hasInFlight ? 'unknown' : 'none'
  }

  get #hasInFlight(): boolean {
    if (this.inFlight) return true
    const open = this.children
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      if (!each.counts) continue
      if (each.inFlight || each.#outcome === 'unknown') return true
      for (const child of each.children) open.push(child)
    }
    return false
  }

  /**
   * Notes, here and in every ancestor, that an effect may have happened. I/O within an I/O call is for
   * that call to answer, which it does at its end.
   */
  markEffect(): void {
    Scope.#markFrom(this)
  }

  static #markFrom(scope: Scope): void {
    let each: Scope | undefined = scope
    while (each !== undefined && each.#outcome !== 'unknown') {
      each.#outcome = 'unknown'
      each = each.kind === 'io' ? undefined : each.parent
    }
  }

  /**
   * Its owner gives up waiting for it: its grace has passed. It may still be running, and nobody can
   * know what it does from now on.
   */
  abandon(): void {
    this.abandoned = true
    this.markEffect()
  }

  get cancelled(): boolean {
    return this.reason !== undefined
  }

  get expired(): boolean {
    return this.#own?.source === 'timeout'
  }

  cancel(message?: string): void {
    this.abort(this.kind === 'task' ? 'task' : 'scope', message ?? `"${this.name}" was cancelled`)
  }

  /** Asks this scope and all within it to end. Only the first time counts. */
  abort(source: CancelSource, message: string, cause?: unknown): void {
    if (this.ended || this.#own !== undefined) return
    const init = { source, scope: this.name, within: this }
    this.#own = new Cancelled(message, cause === undefined ? init : { ...init, cause })
    openRejections()
    if (this.#inherited === undefined) this.#deliver(this.#own)
  }

  /** Asks what the body left behind to end, and refuses whatever else it begins. */
  abortLeftovers(): void {
    this.abort('scope-end', `"${this.name}" has ended: what it started does not outlive it`)
  }

  throwIfCancelled(): void {
    const reason = this.reason
    if (reason !== undefined) throw reason
  }

  /** Tells `listener` once when the scope is cancelled, or, after its end, its nearest living ancestor. */
  listen(listener: CancelListener): void {
    ;(this.#listeners ??= new Ring()).add(listener)
  }

  /** Like `listen`, and tells at once where it is cancelled already; returns what takes the callback off. */
  onCancel(onCancel: (reason: Cancelled) => void): () => void {
    const reason = this.reason
    if (reason !== undefined) {
      onCancel(reason)
      return () => undefined
    }
    const listener = { onCancel } as CancelListener
    this.listen(listener)
    return () => listener.home?.remove(listener)
  }

  /** What would be told of a cancel: among them all that is waited for in this scope. */
  get listeners(): CancelListener[] {
    return this.#listeners?.all ?? []
  }

  /** Has `fn` called when the scope ends, the last one first. */
  defer(fn: () => unknown): void {
    if (this.ended) {
      throw new TypeError(
        `Expected the scope "${this.name}" to be open, got one that has ended: nothing is called at its end any more`,
      )
    }
    ;(this.#deferred ??= []).push(fn)
  }

  /** Takes the last of what is to be called at the end. */
  takeDeferred(): (() => unknown) | undefined {
    return this.#deferred?.pop()
  }

  /** Settles when the scope has ended. */
  get done(): Promise<void> {
    if (this.ended) return Promise.resolve()
    return (this.#done ??= Promise.withResolvers<void>()).promise
  }

  /**
   * Takes the scope out of the tree. What is left in it, abandoned children and callbacks, goes over to
   * its nearest living ancestor. Waits are none of it: they end with the scope.
   */
  end(): void {
    if (this.ended) return
    this.ended = true
    if (this.home === undefined) roots.delete(this)
    else this.home.remove(this)
    const heir = livingScope(this.parent)
    for (let each = this.#children?.take(); each !== undefined; each = this.#children?.take()) {
      if (heir === undefined) roots.add(each)
      else {
        ;(heir.#children ??= new Ring()).add(each)
        // It stood behind the shield that has just ended.
        if (heir.reason !== undefined && !each.shielded && !each.cancelled)
          each.#inherit(heir.reason)
      }
    }
    if (heir !== undefined) this.#leaveListenersTo(heir)
    this.#done?.resolve()
    if (this.#own !== undefined) closeRejections()
  }

  #leaveListenersTo(heir: Scope): void {
    const listeners = this.#listeners
    if (listeners === undefined) return
    for (let each = listeners.take(); each !== undefined; each = listeners.take()) {
      if (heir.reason === undefined) heir.listen(each)
      else each.onCancel(heir.reason)
    }
  }

  /** How much within is waited for by the body, or by what it left running; a task runs beside it. */
  get #waitedFor(): number {
    return this.waits.length + this.children.filter(({ kind }) => kind !== 'task').length
  }

  #inherit(reason: Cancelled): void {
    this.#inherited = reason
    this.#deliver(reason)
  }

  /** Tells all within, the outermost first. No recursion: scopes may be nested by the ten thousand. */
  #deliver(reason: Cancelled): void {
    this.#tell(reason)
    const open = this.children.toReversed()
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      if (each.shielded) continue
      // A cancel that comes later comes from further out, so it takes precedence.
      each.#inherited = reason
      each.#tell(reason)
      for (const child of each.children.toReversed()) open.push(child)
    }
  }

  #tell(reason: Cancelled): void {
    // A second cancel, from further out, meets what the first one is ending already.
    if (this.delivered === 0) this.delivered = this.#waitedFor
    this.#controller?.abort(reason)
    const listeners = this.#listeners
    if (listeners === undefined) return
    for (let each = listeners.take(); each !== undefined; each = listeners.take()) {
      try {
        each.onCancel(reason)
      } catch (error) {
        // As with an `AbortSignal`: the others are to hear of the cancel all the same.
        process.nextTick(() => {
          throw error
        })
      }
    }
  }
}
