import type { Measured } from './stopwatch.ts'

/** What is counted: seconds of the processors of the process that is measured, or seconds on the wall. */
export type ClockName = 'cpu' | 'wall'

/** One of the things compared. */
export interface Case {
  readonly name: string
  /** How many operations one `run` does; its time is divided by it. */
  readonly operations: number
  /** What each `run` must return; anything else fails the benchmark. */
  readonly expected: unknown
  readonly run: () => Promise<unknown>
  /** The process that does the work. @default this one */
  readonly measured?: Measured
}

/** Something promised of one case measured against another. */
export type Bar =
  /** Time of `of` divided by time of `against`. */
  | { readonly of: string; readonly against: string; readonly atMost: number }
  /** Operations a second of `of` divided by those of `against`. */
  | { readonly of: string; readonly against: string; readonly atLeast: number }
  /** Processor time of `of` less that of `against`, in microseconds an operation. */
  | { readonly of: string; readonly against: string; readonly addedMicrosecondsAtMost: number }

/** Cases side by side, taking turns in one process, or each in one of its own. */
export interface Comparison {
  readonly kind: 'comparison'
  readonly title: string
  /** What one operation is. */
  readonly operation: string
  /** What the ratios are of. @default 'cpu': what others do on the machine is not in it */
  readonly clock?: ClockName
  /**
   * How long each case runs before it counts, in milliseconds; more where much code takes part, which
   * the compiler is only done with after some ten thousand operations. @default 400
   */
  readonly warmUpMs?: number
  /** How often each case has its turn in each process. @default 7 */
  readonly rounds?: number
  /** What is collected before each turn; `'major'` where a run leaves much that has grown old. @default 'minor' */
  readonly collection?: 'minor' | 'major'
  readonly bars: readonly Bar[]
  /** Makes the cases; what has to be closed goes onto `resources`. */
  cases(resources: AsyncDisposableStack): readonly Case[] | Promise<readonly Case[]>
}

/** One number that stands for itself. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** What is promised of a figure, in its unit. */
export type FigureBar = { readonly atMost: number } | { readonly atLeast: number }

/** Figures that need no other to be judged. */
export interface Measurement {
  readonly kind: 'measurement'
  readonly title: string
  /** What is promised, by the name of the figure; the other figures are for comparison. */
  readonly bars: Readonly<Record<string, FigureBar>>
  /** Measures once. It throws when what was measured did not do its work. */
  measure(resources: AsyncDisposableStack): Promise<readonly Figure[]>
}

/** What a file `NAME/CASE.bench.ts` exports as `benchmark`. */
export type Benchmark = Comparison | Measurement
