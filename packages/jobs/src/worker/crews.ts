import type { TaskGroup } from '@yuzuru/concurrency'
import type { Job } from '../job/job.ts'
import type { RunIn } from '../job/isolated-kind.ts'
import type { Attempt } from './attempt.ts'
import { Crew, type CrewParts } from './crew.ts'
import type { WorkerSettings } from './worker-options.ts'

/** What a handler runs in: the worker itself, or a thread or a process of it. */
export type Where = 'worker' | RunIn

/** What the handlers of a kind run in. */
export function whereOf({ isolated }: Pick<Job, 'isolated'>): Where {
  return isolated === undefined ? 'worker' : isolated.runIn
}

/** How many handlers of a worker run at once in what, for what its kinds run in. */
export function placesOf({ jobs, concurrency, isolated }: WorkerSettings): Map<Where, number> {
  const all = { worker: concurrency, thread: isolated.threads, process: isolated.processes }
  return new Map(
    [...jobs.values()].map((job) => {
      const where = whereOf(job)
      return [where, all[where]]
    }),
  )
}

/**
 * The crews of a worker, one for each of what its kinds run in: so a handler that waits for a thread takes no place of
 * those that run in the worker. None is taken that would wait for a place for long.
 */
export class Crews {
  readonly all: ReadonlyMap<Where, Crew>

  constructor(group: TaskGroup, places: ReadonlyMap<Where, number>, parts: CrewParts) {
    this.all = new Map([...places].map(([where, size]) => [where, new Crew(group, size, parts)]))
  }

  /** How many may run at once. */
  get places(): number {
    return this.#sum(({ size }) => size)
  }

  /** How many run. */
  get busy(): number {
    return this.#sum(({ busy }) => busy)
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#sum(({ waiting }) => waiting)
  }

  /** The crew that runs the handlers of a kind. */
  of(attempt: Attempt): Crew {
    return this.all.get(whereOf(attempt.job)) as Crew
  }

  /** Lets no more begin. */
  close(): void {
    for (const crew of this.all.values()) crew.close()
  }

  /** Waits, once they are closed, until none runs. */
  async idle(): Promise<void> {
    for (const crew of this.all.values()) await crew.idle()
  }

  #sum(of: (crew: Crew) => number): number {
    let sum = 0
    for (const crew of this.all.values()) sum += of(crew)
    return sum
  }
}
