/** What a limit is to know of a request that has ended. */
export interface Sample {
  /** `GET /plans/:id` */
  readonly name: string
  /** From its turn to the end of its answer, in milliseconds. */
  readonly tookMs: number
  /** The limit's {@link Limit.era} when it began. */
  readonly era: number
  /** Whether it ended without an answer of its own: then it would have taken longer still. */
  readonly isCut: boolean
}

/** A request that runs. */
export interface Running {
  readonly name: string
  readonly beganAt: number
}

/** How many requests may run at once. */
export interface Limit {
  /** How many may run now: an integer from 1 up. */
  readonly current: number
  /** How many may wait if nothing else is said. */
  readonly queue: number
  /** How many may be under way, those counted whose answer is only being sent. */
  readonly most: number
  /** Changes when what began before says nothing of now. */
  readonly era: number
}

/** A limit that learns. */
export interface LearningLimit extends Limit {
  /** How long requests took of late, in milliseconds; `Infinity` where that is not known. */
  readonly tookMs: number
  /** Notes that so many ran at once. */
  ran(count: number): void
  /** Notes that one has ended. */
  ended(sample: Sample): void
  /** Notes how long a turn of the event loop took, in milliseconds. */
  turned(delayMs: number): void
  /** Whether it is time for {@link learn}. */
  isDue(now: number): boolean
  /** Makes up its mind. */
  learn(now: number, running: Iterable<Running>): void
}

/** A limit that is a number. */
export function fixedLimit(count: number): Limit {
  return { current: count, queue: count, most: count, era: 0 }
}
