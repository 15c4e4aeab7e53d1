import { globSync } from 'node:fs'
import { sep } from 'node:path'
import type { Benchmark } from './benchmark.ts'

const ENDING = '.bench.ts'

/** The benchmarks there are: `concurrency/semaphore` is `concurrency/semaphore.bench.ts` here. */
export function allBenchmarks(): string[] {
  return globSync(`*/*${ENDING}`, { cwd: import.meta.dirname })
    .map((path) => path.slice(0, -ENDING.length).replaceAll(sep, '/'))
    .sort()
}

/**
 * The benchmarks meant by `names`, folders or single ones; all of them when there are none.
 *
 * @throws {TypeError} on a name that means none
 */
export function chosenBenchmarks(names: readonly string[]): string[] {
  const all = allBenchmarks()
  for (const name of names) {
    if (!all.some((id) => isMeant(id, name))) {
      throw new TypeError(`Expected names among ${all.join(', ')}, or their folders; got ${name}`)
    }
  }
  return names.length === 0 ? all : all.filter((id) => names.some((name) => isMeant(id, name)))
}

/** Loads a benchmark; nothing of it runs. */
export async function loadBenchmark(id: string): Promise<Benchmark> {
  const { benchmark } = (await import(fileOf(id))) as { readonly benchmark: Benchmark }
  return benchmark
}

/** Where the file of a benchmark is. */
function fileOf(id: string): string {
  return new URL(`${id}${ENDING}`, import.meta.url).href
}

function isMeant(id: string, name: string): boolean {
  return id === name || id.startsWith(`${name}/`)
}
