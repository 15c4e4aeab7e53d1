/* What the executors of the benchmarks run. */

export function add(a: number, b: number): number {
  return a + b
}

/** The same for pools that pass one argument. */
export function addPair([a, b]: readonly [number, number]): number {
  return a + b
}

export function size(bytes: Uint8Array): number {
  return bytes.byteLength
}
