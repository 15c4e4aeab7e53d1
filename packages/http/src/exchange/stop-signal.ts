import { onCancel } from '@yuzuru/concurrency/boundary'

/** Hears when a sending is to stop. */
export interface StopListener {
  handleEvent(): void
}

/** As much of an `AbortSignal` as one sending needs. */
export interface StopSignal {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: StopListener): void
  removeEventListener(type: 'abort', listener: StopListener): void
}

/**
 * Stops one sending. It stands in for an `AbortController` and its signal, which cost more than all the
 * rest of a request (decision 44), and has one listener at a time: the exchange that is under way.
 */
export class Stopper implements StopSignal {
  #stopped: { readonly reason: unknown } | undefined
  #listener: StopListener | undefined

  get aborted(): boolean {
    return this.#stopped !== undefined
  }

  get reason(): unknown {
    return this.#stopped?.reason
  }

  abort(reason: unknown): void {
    if (this.#stopped !== undefined) return
    this.#stopped = { reason }
    this.#listener?.handleEvent()
  }

  throwIfAborted(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason
  }

  addEventListener(_type: 'abort', listener: StopListener): void {
    this.#listener = listener
  }

  removeEventListener(_type: 'abort', listener: StopListener): void {
    if (this.#listener === listener) this.#listener = undefined
  }
}

/**
 * Stops a sending when the scope around the caller is cancelled, or `signal` fires. Returns what takes
 * both off.
 */
export function followCancel(stopper: Stopper, signal?: AbortSignal): () => void {
  const unlisten = onCancel((reason) => stopper.abort(reason))
  if (signal === undefined) return unlisten
  const stop = (): void => stopper.abort(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop)
  return () => {
    unlisten()
    signal.removeEventListener('abort', stop)
  }
}
