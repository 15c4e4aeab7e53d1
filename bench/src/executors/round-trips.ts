/** How often each function here is called in a row. */
export const TIMES = 500

/** Calls one after the other; returns the sum of what comes back, which is `TIMES` times 3. */
export async function repeat(call: () => Promise<number>): Promise<number> {
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += await call()
  return total
}
