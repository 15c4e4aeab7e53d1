/**
 * As much of an `AbortSignal` as the pools ask of one: they kill the worker of the task whose signal
 * fires, and no other. A real one would cost each call an event target.
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
