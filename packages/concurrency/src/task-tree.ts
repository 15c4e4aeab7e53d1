import { currentClock } from './clock.ts'
import { rootScopes, type Scope, type ScopeKind } from './scope.ts'
import { noteWaits } from './wait.ts'

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
}

export interface TaskTreeWait {
  /** What is waited for: `'semaphore "smtp", 3rd in line'`, `'sleep'`. */
  readonly what: string
  /** For how long, in milliseconds; known from when {@link trackWaits} was called. */
  readonly forMs: number | undefined
}

/**
 * The live tree of scopes: runs, groups, tasks, timeouts and I/O, with their ages and what they wait
 * for. Made when asked for; until then it costs nothing. I/O that is under way stands in it as a node
 * of kind `'io'`.
 *
 * @example
 * console.error(formatTaskTree())
 */
export function taskTree(): TaskTreeNode[] {
  const now = currentClock().now()
  return Array.from(rootScopes(), (scope) => nodeOf(scope, now))
}

/**
 * Has each wait note when it began, so that the tree can tell how long it has lasted. One reading of
 * the clock for each wait.
 */
export function trackWaits(on = true): void {
  noteWaits(on)
}

/** The tree as text, one scope or wait a line. */
export function formatTaskTree(tree: readonly TaskTreeNode[] = taskTree()): string {
  return tree.flatMap((node) => [head(node), ...body(node, '')]).join('\n')
}

function nodeOf(scope: Scope, now: number): TaskTreeNode {
  const waits = scope.listeners.flatMap((listener): TaskTreeWait[] => {
    const what = listener.describe?.()
    if (what === undefined) return []
    return [{ what, forMs: listener.since === undefined ? undefined : now - listener.since }]
  })
  return {
    name: scope.name,
    kind: scope.kind,
    state: scope.abandoned ? 'abandoned' : scope.cancelled ? 'cancelled' : 'running',
    ageMs: now - scope.startedAt,
    remainingMs: scope.deadline === Infinity ? undefined : scope.deadline - now,
    waits,
    children: scope.children.map((child) => nodeOf(child, now)),
  }
}

function head({ name, kind, state, ageMs, remainingMs }: TaskTreeNode): string {
  const told = state === 'running' ? '' : ` (${state})`
  const due = remainingMs === undefined ? '' : `, due in ${milliseconds(remainingMs)}`
  return `${kind} ${name}${told} ${milliseconds(ageMs)}${due}`
}

function body(node: TaskTreeNode, indent: string): string[] {
  const lines: string[] = []
  const waits = node.waits.map(({ what, forMs }) => {
    return `waits for ${what}${forMs === undefined ? '' : ` ${milliseconds(forMs)}`}`
  })
  const last = waits.length + node.children.length - 1
  for (const [index, each] of [...waits, ...node.children].entries()) {
    const [branch, deeper] = index === last ? ['└─ ', '   '] : ['├─ ', '│  ']
    lines.push(`${indent}${branch}${typeof each === 'string' ? each : head(each)}`)
    if (typeof each !== 'string') lines.push(...body(each, `${indent}${deeper}`))
  }
  return lines
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`
}
