import type { Bound } from './bars.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** All that was measured of one thing. */
export interface Series {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  readonly bound?: Bound
}

/** What one process measured. */
export interface Reading {
  readonly title: string
  readonly node: string
  /** What the figures of a comparison are: `processor time per task`. */
  readonly of?: string
  readonly series: readonly Series[]
}

/** A figure of many, and whether what is promised of it held. */
export interface Line extends Spread {
  readonly name: string
  readonly unit: string
  readonly bound?: Bound & { readonly held: boolean }
}

/** What one benchmark on one Node gave. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly node: string
  /** What was counted, and how often. */
  readonly method: string
  readonly lines: readonly Line[]
}

/** Puts together what several processes measured. */
export function combine(id: string, readings: readonly [Reading, ...Reading[]]): Result {
  const [{ title, node, of, series: first }] = readings
  const lines = first.map(({ name, unit, bound }, index): Line => {
    const spread = spreadOf(readings.flatMap(({ series }) => series[index]?.values ?? []))
    if (bound === undefined) return { name, unit, ...spread }
    return { name, unit, ...spread, bound: { ...bound, held: holds(spread.median, bound) } }
  })
  const rounds = first[0]?.values.length ?? 0
  const often = `median of ${readings.length} processes × ${rounds}`
  return { id, title, node, method: of === undefined ? often : `${of}, ${often}`, lines }
}

/** Whether the median is on the right side of its bar. */
export function holds(median: number, { sense, value }: Bound): boolean {
  return sense === 'at most' ? median <= value : median >= value
}
