import { expectOptions } from '../arguments/expect-options.ts'
import { currentClock } from '../scopes/clock.ts'
import { expected, expectInteger } from '../arguments/expected.ts'
import { type CancelScope, rootScopes, Scope } from '../scopes/scope.ts'
import type { ScopeKind } from '../scopes/scope-kind.ts'
import { noteWaits } from '../scopes/wait.ts'

/** One scope of the live tree, and what it waits for. */
export interface TaskTreeNode {
  readonly name: string
  readonly kind: ScopeKind
  /** `'abandoned'`: its grace has passed; `'cancelled'`: it was asked to end. */
  readonly state: 'running' | 'cancelled' | 'abandoned'
  /** How long it has been running, in milliseconds. */
  readonly ageMs: number
  /** How long until its nearest deadline, in milliseconds; below 0 when that has passed. */
  readonly remainingMs: number | undefined
  readonly waits: readonly TaskTreeWait[]
  readonly children: readonly TaskTreeNode[]
  /** How many more waits and scopes it has directly within than are shown. */
  readonly more: number
}

/** One thing that a scope waits for. */
export interface TaskTreeWait {
  /** What is waited for: `'semaphore "smtp", 3rd in line'`, `'sleep'`. */
  readonly what: string
  /** For how long, in milliseconds; known from when {@link trackWaits} was called. */
  readonly forMs: number | undefined
}

/** The scopes without a parent, the oldest first. */
export interface TaskTree extends ReadonlyArray<TaskTreeNode> {
  /** How many more of them there are than are shown. */
  readonly more: number
}

/** How much {@link taskTree} shows. */
export interface TaskTreeOptions {
  /**
   * How many waits and scopes to show within each scope, the oldest first: an integer from 0 up, or
   * `Infinity`. The others are counted in `more`.
   * @default 20
   */
  readonly limit?: number | undefined
  /** How many waits and scopes to show in all: an integer from 0 up, or `Infinity`. @default 1_000 */
  readonly total?: number | undefined
  /** The one to show, with what is in it; nothing once it has ended. @default all without a parent */
  readonly scope?: CancelScope | undefined
}

/**
 * The live tree of scopes: runs, groups, tasks, timeouts and I/O, with their ages and what they wait
 * for. Made when asked for; until then it costs nothing. I/O that is under way stands in it as a node
 * of kind `'io'`. It takes time in proportion to the scopes and waits there are, and holds no more of
 * them than its options say.
 *
 * @throws {TypeError} when a limit is not an integer from 0 up, or `Infinity`, or `scope` is not a scope
 * @example
 * const stuck = taskTree({ limit: Infinity, total: Infinity }).filter(({ ageMs }) => ageMs > 60_000)
 */
export function taskTree(options: TaskTreeOptions = {}): TaskTree {
  expectOptions(options, ['limit', 'total', 'scope'], 'taskTree')
  const { limit = 20, total = 1_000, scope } = options
  expectInteger('limit', limit, 0, Infinity)
  expectInteger('total', total, 0, Infinity)
  if (scope !== undefined && !(scope instanceof Scope)) throw expected('scope to be a scope', scope)
  const roots = scope === undefined ? Array.from(rootScopes()) : scope.ended ? [] : [scope]
  const picture = new Picture(limit, total)
  const shown = picture.choose(roots)
  const nodes = shown.map((scope) => picture.nodeOf(scope))
  // Not enumerable, so that the tree still compares, and is printed, as the array that it is.
  return Object.defineProperty(nodes, 'more', { value: roots.length - shown.length }) as never
}

/**
 * Makes each wait note when it began, so that {@link taskTree} shows how long it has lasted. Costs one
 * reading of the clock for each wait.
 *
 * @param on `false` turns it off again
 * @example
 * trackWaits()
 * console.error(formatTaskTree())
 */
export function trackWaits(on = true): void {
  noteWaits(on)
}

/**
 * The tree as text, one scope or wait a line; what is not shown is a line such as `… and 29,980 more`.
 *
 * @param tree what to write, or how much of the live tree to show
 * @example
 * console.error(formatTaskTree())
 */
export function formatTaskTree(
  tree: TaskTree | readonly TaskTreeNode[] | TaskTreeOptions = {},
): string {
  if (typeof tree !== 'object' || tree === null) throw expected('tree to be an object', tree)
  return Array.from(lines('length' in tree ? tree : taskTree(tree))).join('\n')
}

/** One picture of the tree, while it is made. */
class Picture {
  readonly #now = currentClock().now()
  readonly #limit: number
  #left: number

  constructor(limit: number, total: number) {
    this.#limit = limit
    this.#left = total
  }

  /** As many of `all` as there is room for; they are counted at once, so that siblings go before nephews. */
  choose<T>(all: readonly T[], limit = this.#limit): readonly T[] {
    const chosen = all.slice(0, Math.min(limit, this.#left))
    this.#left -= chosen.length
    return chosen
  }

  nodeOf(scope: Scope): TaskTreeNode {
    const waiting = scope.listeners.filter((listener) => listener.describe !== undefined)
    const waits = this.choose(waiting)
    const all = scope.children
    const children = this.choose(all, this.#limit - waits.length)
    return {
      name: scope.name,
      kind: scope.kind,
      state: scope.abandoned ? 'abandoned' : scope.cancelled ? 'cancelled' : 'running',
      ageMs: this.#now - scope.startedAt,
      remainingMs: scope.deadline === Infinity ? undefined : scope.deadline - this.#now,
      waits: waits.map((wait) => ({
        what: wait.describe?.() as string,
        forMs: wait.since === undefined ? undefined : this.#now - wait.since,
      })),
      children: children.map((child) => this.nodeOf(child)),
      more: waiting.length - waits.length + all.length - children.length,
    }
  }
}

function* lines(tree: readonly TaskTreeNode[]): Generator<string> {
  for (const node of tree) {
    yield head(node)
    yield* body(node, '')
  }
  const { more = 0 } = tree as Partial<TaskTree>
  if (more > 0) yield andMore(more)
}

function* body(node: TaskTreeNode, indent: string): Generator<string> {
  const { waits, children, more } = node
  let left = waits.length + children.length + (more > 0 ? 1 : 0)
  const branch = (text: string): string => `${indent}${(left -= 1) === 0 ? '└─' : '├─'} ${text}`
  for (const { what, forMs } of waits) {
    yield branch(`waits for ${what}${forMs === undefined ? '' : ` ${milliseconds(forMs)}`}`)
  }
  for (const child of children) {
    yield branch(head(child))
    yield* body(child, `${indent}${left === 0 ? '  ' : '│ '} `)
  }
  if (more > 0) yield branch(andMore(more))
}

function head({ name, kind, state, ageMs, remainingMs }: TaskTreeNode): string {
  const detail = state === 'running' ? '' : ` (${state})`
  const due = remainingMs === undefined ? '' : `, due in ${milliseconds(remainingMs)}`
  return `${kind} ${name}${detail} ${milliseconds(ageMs)}${due}`
}

function andMore(count: number): string {
  return `… and ${count.toLocaleString('en-US')} more`
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`
}
