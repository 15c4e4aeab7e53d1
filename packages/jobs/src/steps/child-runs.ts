import { isRetryable, outcomeOf } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { Job } from '../job/job.ts'
import type { RunOptions } from '../job/step.ts'
import { endResult } from '../queue/end-result.ts'
import { enqueueFrom } from '../queue/enqueue.ts'
import { type Child, keepChild, lookAtChild } from './child-store.ts'
import type { StepTools } from './step-run.ts'

/** How often a parent looks while its run goes on, in milliseconds: more and more seldom. */
const FIRST_POLL_MS = 250
const LAST_POLL_MS = 5_000

const OPTIONS = Object.keys({
  name: true,
  queue: true,
  priority: true,
} satisfies Record<keyof RunOptions, true>)

/** A child that is asked for. */
interface ChildPlan<Input> {
  readonly name: string
  readonly job: Job<Input, unknown>
  readonly payload: Input
  readonly options: Omit<RunOptions, 'name'>
}

/** The children of one run of a handler. */
export class ChildRuns {
  readonly #tools: StepTools

  constructor(tools: StepTools) {
    this.#tools = tools
  }

  /** @returns what the child has returned */
  async run<Input>(
    job: Job<Input, unknown>,
    payload: Input,
    options: RunOptions,
  ): Promise<unknown> {
    const { memory, parking, ask } = this.#tools
    expectOptions(options, OPTIONS, 'step.run')
    const { name = job.name, ...rest } = options
    ask(name)
    const begun = await parking.during(() => this.#begin({ name, job, payload, options: rest }))
    if ('value' in begun) return begun.value
    let { child } = begun
    for (let pollMs = FIRST_POLL_MS; child.isOpen;) {
      // Something else of this run goes on meanwhile, or it is about to be parked.
      await parking.wait(pollMs, Infinity)
      const before = child
      child = await parking.during(() => this.#lookAgain(name, before))
      pollMs = Math.min(2 * pollMs, LAST_POLL_MS)
    }
    memory.finished(name)
    const { id, ended } = child
    memory.expectRoom(name, ended?.result)
    return await endResult({ operation: 'step.run', job, id }, ended)
  }

  /** Makes the child, or goes on with it. */
  async #begin<Input>(
    plan: ChildPlan<Input>,
  ): Promise<{ readonly value: unknown } | { readonly child: Child }> {
    const { run, memory, load, lost } = this.#tools
    await load()
    const { name, job, payload, options } = plan
    const known = memory.recall(name, 'run')
    if (known?.isSettled === true) {
      // The child itself may have been pruned since.
      const kept = { id: name, name: job.name, state: 'completed', error: undefined } as const
      const ended = { ...kept, result: known.result }
      return { value: await endResult({ operation: 'step.run', job, id: name }, ended) }
    }
    if (known === undefined) {
      await memory.hold(name)
      const enqueue = (tx: Parameters<typeof enqueueFrom>[1]) =>
        enqueueFrom(undefined, tx, job, payload, options)
      const child = { name, beside: memory.beside(name), enqueue }
      try {
        if (!(await keepChild(run.db, run.lease, child))) throw lost('none')
      } catch (error) {
        // The transaction may still be open, with a lock on the job's row. The next run finds what it has made.
        if (outcomeOf(error) === 'unknown') run.inDoubt()
        throw error
      }
    }
    return { child: await this.#look(name) }
  }

  async #look(name: string): Promise<Child> {
    const { run, lost } = this.#tools
    const child = await lookAtChild(run.db, run.lease, name, {})
    if (child === undefined) throw lost('unknown')
    return child
  }

  /** A look that fails may do better the next time. */
  async #lookAgain(name: string, before: Child): Promise<Child> {
    try {
      return await this.#look(name)
    } catch (error) {
      if (!isRetryable(error)) throw error
      return before
    }
  }
}
