import { expectFunction } from '@yuzuru/concurrency/boundary'
import { expectRows } from './expect-query.ts'

/** The rows under a name: those of a list, or the one that may be there. */
type Under<V> = V extends readonly (infer R)[] ? R : Exclude<V, undefined | null>

/** The same, with what {@link withNested} has made of them. */
type Nested<V, O> = V extends readonly unknown[] ? O[] : O | Extract<V, undefined | null>

/**
 * Loads what belongs to related rows, and puts it in their place: `fn` is called once, with the related
 * rows of all `rows`, each of them once. So each level of nesting takes as many queries as `fn` sends,
 * however many rows there are.
 *
 * @param fn returns a row for each that it was given, in the same order, as `withOne` and `withMany` do
 * @throws {TypeError} when `fn` returns another number of rows
 * @example
 * const offices = await withMany(db, list, 'plans', { table: plans, from: 'id', to: 'office_id' })
 * const deep = await withNested(offices, 'plans', (plans) =>
 *   withMany(db, plans, 'tasks', { table: tasks, from: 'id', to: 'plan_id' }))
 */
export async function withNested<R extends object, N extends keyof R & string, O>(
  rows: readonly R[],
  name: N,
  fn: (related: Under<R[N]>[]) => PromiseLike<readonly O[]>,
): Promise<(Omit<R, N> & Record<N, Nested<R[N], O>>)[]> {
  expectRows(rows)
  expectFunction('fn', fn)
  // One row may stand under several: an office under each of its plans.
  const places = new Map<unknown, number>()
  for (const row of rows) {
    for (const related of listOf(row[name])) {
      if (!places.has(related)) places.set(related, places.size)
    }
  }
  const made = places.size === 0 ? [] : await fn([...places.keys()] as Under<R[N]>[])
  if (made.length !== places.size) {
    throw new TypeError(
      `Expected a row for each of ${places.size} under "${name}", got ${made.length}`,
    )
  }
  const madeOf = (related: unknown): O => made[places.get(related) ?? 0] as O
  return rows.map((row) => {
    const under: unknown = row[name]
    const single = under === undefined || under === null ? under : madeOf(under)
    const value = Array.isArray(under) ? under.map((related) => madeOf(related)) : single
    return { ...row, [name]: value } as unknown as Omit<R, N> & Record<N, Nested<R[N], O>>
  })
}

function listOf(under: unknown): readonly unknown[] {
  if (Array.isArray(under)) return under
  return under === undefined || under === null ? [] : [under]
}
