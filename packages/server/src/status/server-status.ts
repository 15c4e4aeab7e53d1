import { taskTree, type TaskTreeNode } from '@yuzuru/concurrency/inspect'
import type { CancelScope } from '@yuzuru/concurrency'
import { shownText } from './shown-text.ts'

/** The requests that a server has under way. */
export interface ServerStatus {
  /** The oldest first. */
  readonly requests: readonly RequestStatus[]
  /** How many more there are than are shown. */
  readonly more: number
}

/** One request under way. */
export interface RequestStatus {
  /** `GET /plans/:id` */
  readonly name: string
  /**
   * - `'waiting'`: its turn has not come.
   * - `'running'`, or `'cancelled'`: its client has gone, or its time is over, and its handler has not ended.
   * - `'answered'`: there is work after the answer.
   */
  readonly state: 'waiting' | 'running' | 'cancelled' | 'answered'
  readonly ageMs: number
  /** How long until its deadline; below 0 when that has passed. */
  readonly remainingMs: number | undefined
  readonly waits: readonly RequestWait[]
}

/** What a request waits for. */
interface RequestWait {
  /** `io db.query`, `task remind: semaphore "smtp", 3rd in line` */
  readonly what: string
  /** For how long, where that is known. */
  readonly forMs: number | undefined
}

/** What is read of a request. */
export interface RequestUnderWay {
  readonly name: string
  readonly ageMs: number
  readonly scope: CancelScope | undefined
  readonly response: { readonly closed: boolean }
}

/** The most requests that are shown. */
const REQUESTS = 100

/** The most scopes and waits that are looked at of each. */
const TREE = { limit: 10, total: 50 }

/** The most scopes that are named on the way to a wait. */
const PATH = 5

/** Reads what `requests` wait for off the task tree. */
export function serverStatus(requests: readonly RequestUnderWay[]): ServerStatus {
  const shown = requests.slice(0, REQUESTS).map((request) => statusOf(request))
  return { requests: shown, more: requests.length - shown.length }
}

function statusOf({ name, ageMs, scope, response }: RequestUnderWay): RequestStatus {
  const [node] = scope === undefined ? [] : taskTree({ scope, ...TREE })
  return {
    name: shownText(name),
    state: response.closed ? 'answered' : stateOf(scope),
    ageMs: Math.round(ageMs),
    remainingMs: rounded(node?.remainingMs),
    waits: node === undefined ? [] : [...waitsIn(node, [])],
  }
}

function stateOf(scope: CancelScope | undefined): RequestStatus['state'] {
  if (scope === undefined) return 'waiting'
  return scope.cancelled ? 'cancelled' : 'running'
}

/** What leads to a wait: the outermost scopes and the wait itself, where there are more. */
function joined(path: readonly string[]): string {
  const shown = path.length > PATH ? [...path.slice(0, PATH - 1), '…', path.at(-1)] : path
  return shown.join(': ')
}

/** The ends of the tree: calls to the outside, and what tasks wait for. */
function* waitsIn(node: TaskTreeNode, path: readonly string[]): Generator<RequestWait> {
  const waits = node.waits.map(({ what, forMs }) => ({ what, forMs }))
  if (path.length > 0 && waits.length + node.children.length === 0) {
    yield { what: joined(path), forMs: rounded(node.ageMs) }
  }
  for (const { what, forMs } of waits) {
    yield { what: joined([...path, shownText(what)]), forMs: rounded(forMs) }
  }
  for (const child of node.children) {
    // A default name says nothing.
    const names = child.name === child.kind ? [] : [shownText(`${child.kind} ${child.name}`)]
    yield* waitsIn(child, [...path, ...names])
  }
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms)
}
