import { expectOptions } from '../arguments/expect-options.ts'
import { expected } from '../arguments/expected.ts'
import { expectThunk } from './expect-thunk.ts'
import { oneOrAll } from './one-or-all.ts'
import { settled } from './settled.ts'
import { resultOf, type Task } from './task.ts'
import { type Group, runGroup, SPAWN_OPTIONS } from './task-group.ts'

/** A function without parameters: work that has not begun. */
export type Thunk<T = unknown> = () => T | PromiseLike<T>

type Thunks = readonly Thunk[] | Readonly<Record<string, Thunk>>

/** What the thunks return, in the same shape: an array for an array, an object for an object. */
export type Gathered<T extends Thunks> = {
  -readonly [K in keyof T]: T[K] extends Thunk<infer R> ? Awaited<R> : never
}

/** How each thunk ended, in the same shape. */
export type Settled<T extends Thunks> = {
  -readonly [K in keyof T]: T[K] extends Thunk<infer R> ? PromiseSettledResult<Awaited<R>> : never
}

/** Options of {@link gather}. */
export interface GatherOptions {
  /** Shown in errors and the task tree. @default 'gather' */
  readonly name?: string | undefined
}

/**
 * Calls all thunks at once and resolves with their results in the same shape: an array for an array, an
 * object for an object. The first failure cancels the others, and all have ended when it is thrown. With
 * `settle: true` failures are results, like those of `Promise.allSettled`; a cancel from outside never is.
 *
 * It takes functions, not promises: what already runs cannot be put into a scope. It has no limit on how
 * many run at once, so use `mapConcurrent` for long lists, and {@link taskGroup} for tasks that spawn
 * others.
 *
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws {TypeError} when an entry is not a function, or an option is unknown or has the wrong type
 * @example
 * const { office, open } = await gather({
 *   office: () => offices.get(db, id),
 *   open: () => plans.list(db, { where: { office_id: id, status: 'open' } }),
 * })
 */
export function gather<const T extends Thunks>(
  thunks: T,
  options: GatherOptions & { readonly settle: true },
): Promise<Settled<T>>
export function gather<const T extends Thunks>(
  thunks: T,
  options?: GatherOptions & { readonly settle?: false },
): Promise<Gathered<T>>
export async function gather(
  thunks: Thunks,
  options: GatherOptions & { readonly settle?: boolean } = {},
): Promise<unknown> {
  expectOptions(options, SPAWN_OPTIONS, 'gather')
  const { name = 'gather', settle = false } = options
  // A promise, a `Map` and a `Set` have such a tag and no keys of their own: they would be gathered as an
  // empty object.
  if (typeof thunks !== 'object' || thunks === null || Symbol.toStringTag in thunks) {
    throw expected('an array or object of functions', thunks)
  }
  // Two lists instead of one list of pairs save memory: there may be tens of thousands, and all live until
  // the last has ended.
  const keys = Object.keys(thunks)
  const work: readonly Thunk[] = Object.values(thunks)
  keys.forEach((key, index) => expectThunk('gather', key, work[index]))
  const all = (group: Group): Task<unknown>[] =>
    work.map((thunk, index) =>
      group.start(settle ? () => settled(thunk) : thunk, keys[index] as string),
    )
  const results = (await runGroup(name, all, oneOrAll, true)).map(resultOf)
  if (Array.isArray(thunks)) return results
  return Object.fromEntries(keys.map((key, index) => [key, results[index]]))
}
