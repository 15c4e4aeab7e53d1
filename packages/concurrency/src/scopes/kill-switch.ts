/**
 * The part of an `AbortSignal` that the pools use: they kill the worker whose task's signal fires, and no
 * other. A real signal would cost each call an event target.
 */
export class KillSwitch {
  aborted = false
  #listener: (() => void) | undefined

  addEventListener(_name: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  removeEventListener(): void {
    this.#listener = undefined
  }

  fire(): void {
    this.aborted = true
    this.#listener?.()
  }
}
