import { type Link, Ring } from '../scopes/ring.ts'
import type { Scope } from '../scopes/scope.ts'
import type { Permit } from '../sync/semaphore.ts'
import { wait } from '../scopes/wait.ts'

/** A call, or what one handed out. Its own permit: most calls ask for nothing else of it. */
class Work implements Link<Work>, Permit {
  readonly kind: 'call' | 'kept'
  /** That of the call's own `io()`; one of a caller's would take in work beside it. */
  readonly scope: Scope | undefined
  /** Whether the end waits for it. */
  awaited: boolean
  home: Ring<Work> | undefined
  before: Work = this
  after: Work = this
  readonly #ended: (work: Work) => void

  constructor(
    kind: Work['kind'],
    scope: Scope | undefined,
    awaited: boolean,
    ended: (work: Work) => void,
  ) {
    this.kind = kind
    this.scope = scope
    this.awaited = awaited
    this.#ended = ended
  }

  release(): void {
    if (this.home !== undefined) this.#ended(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The calls of a client that have not ended, and the waiters for their end. */
export class WorkUnderWay {
  // A set would keep what it held from being collected young.
  readonly #works = new Ring<Work>()
  #size = 0
  /** The calls that wait for the end themselves. */
  readonly #leftOut = new Set<Scope>()
  readonly #ended = (work: Work): void => {
    this.#works.remove(work)
    this.#size -= 1
    this.#onChange()
  }
  #onChange: () => void = () => undefined

  get size(): number {
    return this.#size
  }

  begin(kind: Work['kind'], scope: Scope | undefined): Permit {
    const own = callAround(scope)
    const work = new Work(kind, own, !isWithin(own, this.#leftOut), this.#ended)
    this.#works.add(work)
    this.#size += 1
    return work
  }

  /** Stops waiting for the calls around `scope`, and for what is within them: they wait for the end themselves. */
  leaveOut(scope: Scope | undefined): void {
    for (const { scope: own } of this.#works.all) {
      if (own !== undefined && isWithin(scope, new Set([own]))) this.#leftOut.add(own)
    }
    if (this.#leftOut.size === 0) return
    for (const work of this.#works.all) {
      if (isWithin(work.scope, this.#leftOut)) work.awaited = false
    }
    this.#onChange()
  }

  /** Whether nothing is left to wait for. */
  isOver(what: 'everything' | 'calls'): boolean {
    for (const { kind, awaited } of this.#works.all) {
      if (awaited && (kind === 'call' || what === 'everything')) return false
    }
    return true
  }

  /** Waits until it is, or `stop` was called. */
  async until(what: 'everything' | 'calls', name: string): Promise<void> {
    if (this.isOver(what)) return
    await wait<void>(name, (resolve) => {
      this.#onChange = () => {
        if (this.isOver(what)) resolve()
      }
      this.stop = resolve
      return () => undefined
    })
  }

  /** Ends the wait that is under way. */
  stop: () => void = () => undefined
}

/** The scope of the call's own `io()`, also from within a group or a timeout of that call. */
function callAround(scope: Scope | undefined): Scope | undefined {
  let each = scope
  while (each !== undefined && each.kind !== 'io') each = each.parent
  return each
}

function isWithin(scope: Scope | undefined, outer: ReadonlySet<Scope>): boolean {
  if (outer.size === 0) return false
  let each = scope
  while (each !== undefined && !outer.has(each)) each = each.parent
  return each !== undefined
}
