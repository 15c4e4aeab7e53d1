/**
 * Has what Node makes be an instance of the classes that the adapter puts in the place of Node's: what `fetch` gives is
 * no `instanceof Response` otherwise, and a framework that asks (h3, itty-router) takes it for a value to write down.
 */
export function knowNodeResponses(): void {
  for (const replacement of [globalThis.Request, globalThis.Response]) {
    const native: unknown = Object.getPrototypeOf(replacement)
    // Node's own class.
    if (typeof native !== 'function' || native === Function.prototype) continue
    if (Object.hasOwn(replacement, Symbol.hasInstance)) continue
    Object.defineProperty(replacement, Symbol.hasInstance, {
      configurable: true,
      value(this: unknown, value: unknown): boolean {
        // A class that extends it inherits this.
        return this === replacement ? value instanceof native : ordinary.call(this, value)
      },
    })
  }
}

const ordinary = Function.prototype[Symbol.hasInstance] as (
  this: unknown,
  value: unknown,
) => boolean
