import type { Scope } from '../scopes/scope.ts'
import type { Permit } from '../sync/semaphore.ts'
import { wait } from '../scopes/wait.ts'

interface Work {
  readonly kind: 'call' | 'kept'
  /** That of the call's own `io()`; one of a caller's would take in work beside it. */
  readonly scope: Scope | undefined
  /** Whether the end waits for it. */
  awaited: boolean
}

/** What of a client has not ended, and who waits until it has. */
export class WorkUnderWay {
  readonly #works = new Set<Work>()
  /** The calls that wait for the end themselves. */
  readonly #leftOut = new Set<Scope>()
  #onChange: () => void = () => undefined

  get size(): number {
    return this.#works.size
  }

  begin(kind: Work['kind'], scope: Scope | undefined): Permit {
    const own = callAround(scope)
    const work: Work = { kind, scope: own, awaited: !isWithin(own, this.#leftOut) }
    this.#works.add(work)
    const release = (): void => {
      if (this.#works.delete(work)) this.#onChange()
    }
    return { release, [Symbol.dispose]: release }
  }

  /** Has nobody wait for the calls around `scope`, and for what is within them: they wait for the end. */
  leaveOut(scope: Scope | undefined): void {
    for (const { scope: own } of this.#works) {
      if (own !== undefined && isWithin(scope, new Set([own]))) this.#leftOut.add(own)
    }
    if (this.#leftOut.size === 0) return
    for (const work of this.#works) {
      if (isWithin(work.scope, this.#leftOut)) work.awaited = false
    }
    this.#onChange()
  }

  /** Whether nothing is left to wait for. */
  isOver(what: 'everything' | 'calls'): boolean {
    for (const { kind, awaited } of this.#works) {
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
