import { sleep, taskGroup } from '@yuzuru/concurrency'

/**
 * An open-loop load: operation `n` begins at its time, whatever became of those before it, so that a slow
 * system meets no less of it.
 *
 * @param rate operations a second
 * @param reached is called before each begins
 */
export async function openLoop<T>(
  operations: readonly T[],
  rate: number,
  perform: (operation: T) => Promise<void>,
  reached: (index: number) => void,
): Promise<void> {
  const start = performance.now()
  await taskGroup(async (group) => {
    for (const [index, operation] of operations.entries()) {
      const due = start + (index * 1_000) / rate
      await sleep(Math.max(0, due - performance.now()))
      reached(index)
      group.spawn(() => perform(operation), { name: `operation ${index}` })
    }
  })
}
