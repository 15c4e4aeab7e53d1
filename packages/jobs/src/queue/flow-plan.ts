import { expected, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'

/** What becomes of a job when one that comes before it does not complete. */
export type OnFailure = 'fail' | 'ignore'

/** A part of a flow: a job, or one for each of many payloads. */
export interface FlowNode<Input = unknown, Name extends string = string> {
  readonly job: Job<Input, unknown>
  /** Of its one job. Either this or `payloads`. */
  readonly payload?: Input | undefined
  /** Of each of its jobs, of which all run side by side; none is allowed. */
  readonly payloads?: readonly Input[] | undefined
  /** The parts of which all jobs must have ended before those of this one may run. @default none */
  readonly after?: Name | readonly Name[] | undefined
  /**
   * What becomes of the jobs of this part when one that comes before does not complete: `'fail'`, they fail at once,
   * with the code `dependency_failed`; `'ignore'`, they run when all before them have ended, however that was.
   *
   * @default 'fail'
   */
  readonly onFailure?: OnFailure | undefined
  /** @default the job's */
  readonly queue?: string | undefined
  /** Lower runs first: a 32-bit integer. @default the job's */
  readonly priority?: number | undefined
}

/** A part, checked. */
export interface FlowPart {
  readonly name: string
  readonly job: Job
  readonly payloads: readonly unknown[]
  readonly after: readonly string[]
  readonly onFailure: OnFailure
  readonly options: { readonly queue: string | undefined; readonly priority: number | undefined }
}

const NODE = Object.keys({
  job: true,
  payload: true,
  payloads: true,
  after: true,
  onFailure: true,
  queue: true,
  priority: true,
} satisfies Record<keyof FlowNode, true>)

/** How many pairs of jobs may wait for each other. */
const MOST_LINKS = 100_000

/**
 * The parts of a flow, each behind those that it comes after.
 *
 * @throws {TypeError} for an unknown option, an unknown part, a circle
 */
export function flowPlanOf(nodes: Readonly<Record<string, FlowNode>>): FlowPart[] {
  if (typeof nodes !== 'object' || nodes === null || Array.isArray(nodes)) {
    throw expected('nodes to be an object of parts by their name', nodes)
  }
  const parts = new Map(Object.entries(nodes).map(([name, node]) => [name, partOf(name, node)]))
  if (parts.size === 0) throw new TypeError('Expected a flow to have at least one part, got none')
  for (const { name, after } of parts.values()) {
    for (const each of after) {
      if (parts.has(each)) continue
      throw new TypeError(`Expected "${name}" to come after parts of the flow, got "${each}"`)
    }
  }
  const ordered = withoutEmpty(inOrder(parts))
  expectFew(ordered)
  return ordered
}

/** What comes after a part without jobs comes after what that one comes after. */
function withoutEmpty(ordered: readonly FlowPart[]): FlowPart[] {
  const before = new Map<string, readonly string[]>()
  return ordered.map((part) => {
    const after = [...new Set(part.after.flatMap((name) => before.get(name) ?? []))]
    before.set(part.name, part.payloads.length > 0 ? [part.name] : after)
    return { ...part, after }
  })
}

function expectFew(parts: readonly FlowPart[]): void {
  const sizes = new Map(parts.map(({ name, payloads }) => [name, payloads.length]))
  const links = parts
    .flatMap(({ after, payloads }) => after.map((name) => payloads.length * (sizes.get(name) ?? 0)))
    .reduce((sum, pairs) => sum + pairs, 0)
  if (links <= MOST_LINKS) return
  throw new TypeError(
    `Expected a flow to have at most ${MOST_LINKS} pairs of jobs that wait for each other, got ${links}`,
  )
}

function partOf(name: string, node: FlowNode): FlowPart {
  expectName('the name of a part', name)
  expectRequiredOptions(node, NODE, `enqueueFlow.${name}`)
  const { job, payload, payloads, after = [], onFailure = 'fail', queue, priority } = node
  if (typeof job?.run !== 'function') throw expected(`"${name}" to have a job`, job)
  if (payloads !== undefined && payload !== undefined) {
    throw new TypeError(`Expected "${name}" to have one of payload and payloads, got both`)
  }
  if (payloads !== undefined && !Array.isArray(payloads)) {
    throw expected(`payloads of "${name}" to be an array`, payloads)
  }
  if (onFailure !== 'fail' && onFailure !== 'ignore') {
    throw expected(`onFailure of "${name}" to be 'fail' or 'ignore'`, onFailure)
  }
  const names = typeof after === 'string' ? [after] : after
  if (!Array.isArray(names)) throw expected(`after of "${name}" to be names of parts`, after)
  return {
    name,
    job,
    payloads: payloads ?? [payload],
    after: [...new Set(names as readonly string[])],
    onFailure,
    options: { queue, priority },
  }
}

function inOrder(parts: ReadonlyMap<string, FlowPart>): FlowPart[] {
  const ordered = new Set<FlowPart>()
  while (ordered.size < parts.size) {
    const ready = [...parts.values()].filter(
      (part) =>
        !ordered.has(part) && part.after.every((name) => ordered.has(parts.get(name) as FlowPart)),
    )
    if (ready.length === 0) throw circle(parts, ordered)
    for (const part of ready) ordered.add(part)
  }
  return [...ordered]
}

/** Names one circle: from any part that is left, back over what it comes after. */
function circle(parts: ReadonlyMap<string, FlowPart>, ordered: ReadonlySet<FlowPart>): TypeError {
  const isLeft = (name: string): boolean => !ordered.has(parts.get(name) as FlowPart)
  const path: string[] = []
  let at = [...parts.keys()].find(isLeft) as string
  while (!path.includes(at)) {
    path.push(at)
    at = parts.get(at)?.after.find(isLeft) as string
  }
  const names = [...path.slice(path.indexOf(at)), at].map((name) => `"${name}"`)
  return new TypeError(`Expected a flow without circles, got ${names.join(' after ')}`)
}
