import { startBalancer } from './balancer.ts'

/** How much of a piece is looked at, in bytes: a request's line, a statement, a command are at its beginning. */
const HEAD_BYTES = 1_024

/** Stands before a fault proxy and changes nothing: it counts what the app sends that way. */
export interface Tap extends AsyncDisposable {
  readonly port: number
  /** Counts from now on what contains the text. @returns how many there were so far */
  watch(text: string): () => number
}

/** @param port of the proxy behind it */
export async function startTap(port: number): Promise<Tap> {
  const watches = new Set<{ readonly text: string; count: number }>()
  const balancer = await startBalancer((bytes) => {
    if (watches.size === 0) return
    const head = bytes.toString('latin1', 0, HEAD_BYTES)
    for (const watch of watches) if (head.includes(watch.text)) watch.count += 1
  })
  balancer.balanceOver(() => [port])
  return {
    port: balancer.port,
    watch(text) {
      const watch = { text, count: 0 }
      watches.add(watch)
      return () => watch.count
    },
    [Symbol.asyncDispose]: () => balancer[Symbol.asyncDispose](),
  }
}
