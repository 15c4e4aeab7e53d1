import { isRetryable } from '@yuzuru/concurrency'
import type { WaitForOptions } from '../job/step.ts'
import { type StepTools, valueOf } from './step-run.ts'
import { waitPlanOf, type WaitPlan } from './wait-options.ts'
import { keepWait, lookAtWait, type Waiting } from './wait-store.ts'

/** How often a wait looks while its run goes on, in milliseconds: more and more seldom. */
const FIRST_POLL_MS = 250
const LAST_POLL_MS = 5_000

/** The waits for events of one run of a handler. */
export class EventWaits {
  readonly #tools: StepTools

  constructor(tools: StepTools) {
    this.#tools = tools
  }

  /** @returns the payload of the event; `undefined` when the time is over */
  async wait(event: string, options: WaitForOptions): Promise<unknown> {
    const { run, memory, parking, ask } = this.#tools
    const plan = waitPlanOf(event, options, run.lease.id)
    const { name } = plan
    ask(name)
    let waiting = await parking.during(() => this.#begin(plan))
    for (let pollMs = FIRST_POLL_MS; !waiting.isSettled;) {
      // Something else of this run goes on meanwhile, or it is about to be parked.
      await parking.wait(pollMs, waiting.leftMs)
      const before = waiting
      waiting = await parking.during(() => this.#lookAgain(name, before))
      pollMs = Math.min(2 * pollMs, LAST_POLL_MS)
    }
    memory.finished(name)
    return valueOf(waiting.result)
  }

  /** Begins a wait, or goes on with it. */
  async #begin(plan: WaitPlan): Promise<Waiting> {
    const { run, memory, load, lost } = this.#tools
    await load()
    const { name } = plan
    const known = memory.recall(name, 'wait')
    if (known?.isSettled === true) return { isSettled: true, result: known.result, leftMs: 0 }
    if (known === undefined) {
      await memory.hold(name)
      const wait = { ...plan, beside: memory.beside(name) }
      if (!(await keepWait(run.db, run.lease, wait, {}))) throw lost('none')
    }
    return await this.#look(name)
  }

  async #look(name: string): Promise<Waiting> {
    const { run, lost } = this.#tools
    const waiting = await lookAtWait(run.db, run.lease, name, {})
    if (waiting === undefined) throw lost('none')
    return waiting
  }

  /** A look that fails may do better the next time. */
  async #lookAgain(name: string, before: Waiting): Promise<Waiting> {
    try {
      return await this.#look(name)
    } catch (error) {
      if (!isRetryable(error)) throw error
      return before
    }
  }
}
