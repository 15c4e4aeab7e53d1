import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { z } from 'zod'
import { holds } from '../result.ts'

const bound = z.strictObject({
  sense: z.enum(['at most', 'at least']),
  value: z.number(),
  held: z.boolean(),
})

const line = z
  .strictObject({
    name: z.string().min(1),
    unit: z.string().min(1),
    median: z.number(),
    low: z.number(),
    high: z.number(),
    bound: bound.exactOptional(),
  })
  .refine(({ low, median, high }) => low <= median && median <= high, {
    message: 'Expected the median to lie within its middle half',
  })
  .refine(({ median, bound: it }) => it === undefined || holds(median, it) === it.held, {
    message: 'Expected `held` to say whether the median keeps its bar',
  })

/** What `pnpm bench --save` keeps of one benchmark. */
const savedRun = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/),
  title: z.string().min(1),
  /** What prints these figures. */
  command: z.string().startsWith('pnpm bench '),
  /** The day it was measured. */
  date: z.iso.date(),
  processes: z.int().min(1),
  seconds: z.number().min(0),
  machine: z.strictObject({
    processors: z.int().min(1),
    model: z.string().min(1),
    memoryGiB: z.number().min(0),
  }),
  /** The load average of the last minute, before it began and after it had ended. */
  load: z.strictObject({ before: z.number().min(0), after: z.number().min(0) }),
  results: z
    .array(
      z.strictObject({
        node: z.string().regex(/^v\d+\.\d+\.\d+$/),
        method: z.string().min(1),
        lines: z.array(line).min(1),
      }),
    )
    .min(1),
})

export type SavedRun = z.infer<typeof savedRun>

export type SavedLine = SavedRun['results'][number]['lines'][number]

/** Where the results are kept. */
export const RESULTS: string = join(import.meta.dirname, '../../results')

/**
 * Reads what was saved of one benchmark.
 *
 * @throws {TypeError} when it is not what `--save` writes
 */
export function parseRun(id: string, text: string): SavedRun {
  const { success, data, error } = savedRun.safeParse(JSON.parse(text))
  if (!success) throw new TypeError(`Expected the result of ${id}, got ${z.prettifyError(error)}`)
  if (data.id !== id) throw new TypeError(`Expected the result of ${id}, got that of ${data.id}`)
  return data
}

/** All that were saved, by the name of the benchmark. */
export function savedRuns(folder: string = RESULTS): ReadonlyMap<string, SavedRun> {
  const ids = globSync('*/*.json', { cwd: folder })
    .map((path) => path.slice(0, -'.json'.length).replaceAll(sep, '/'))
    .sort()
  return new Map(
    ids.map((id) => [id, parseRun(id, readFileSync(join(folder, `${id}.json`), 'utf8'))]),
  )
}
