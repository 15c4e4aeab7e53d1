/** What a piece of work took, in microseconds. */
export interface Elapsed {
  readonly wall: number
  /** On all threads of the process that is measured: the collector's and the compiler's count too. */
  readonly cpu: number
}

/** A process whose work is measured. */
export interface Measured {
  /** The processor time that it has had so far, in microseconds. */
  cpu(): number | Promise<number>
  /** See {@link collectGarbage}. */
  collect(part: 'minor' | 'major'): unknown
}

/** The one that measures. */
export const thisProcess: Measured = {
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  collect: collectGarbage,
}

/** Calls `work` so many times, one after the other, and tells what they took together. */
export async function time(
  times: number,
  work: () => Promise<void>,
  measured: Measured = thisProcess,
): Promise<Elapsed> {
  const cpuBefore = await measured.cpu()
  const before = performance.now()
  for (let turn = 0; turn < times; turn += 1) await work()
  const wall = (performance.now() - before) * 1_000
  return { wall, cpu: (await measured.cpu()) - cpuBefore }
}

/**
 * Empties the heap of what earlier work left, so that the next does not pay for it.
 *
 * @param part `'minor'`: only of what is young. A major collection also has the compiler drop code that
 *   it made for what is now gone, and on a busy machine it takes its time to make it again.
 */
export function collectGarbage(part: 'minor' | 'major' = 'major'): void {
  if (globalThis.gc === undefined) throw new Error('Start Node with --expose-gc')
  globalThis.gc({ type: part })
}
