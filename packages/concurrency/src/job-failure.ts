import { mark } from './marker.ts'

/** An error in a form that can be sent, with what structured clone would drop: names, fields, marks. */
export interface JobFailure {
  /** What was thrown, where it was no `Error`: itself if it is plain, else nothing. */
  readonly value?: unknown
  readonly error?: {
    readonly name: string
    readonly message: string
    readonly stack: string | undefined
    readonly cause: JobFailure | undefined
    readonly errors: readonly JobFailure[] | undefined
    readonly fields: Readonly<Record<string, unknown>>
    readonly marks: readonly string[]
  }
}

const MARK = 'yuzuru.'

/** A chain of causes that is longer than this, or runs in a circle, is cut. */
const MAX_DEPTH = 8

const builtIn = new Map<string, new (message: string) => Error>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [
    each.name,
    each,
  ]),
)

/** Takes an error apart. Of its own fields only those of primitive types travel. */
export function describeFailure(error: unknown, depth = 0): JobFailure {
  if (!(error instanceof Error)) return isPlain(error) ? { value: error } : {}
  const inner = (each: unknown): JobFailure => describeFailure(each, depth + 1)
  const deeper = depth < MAX_DEPTH
  return {
    error: {
      name: error.name,
      message: error.message,
      stack: error.stack,
      cause: deeper && error.cause !== undefined ? inner(error.cause) : undefined,
      errors: deeper && error instanceof AggregateError ? error.errors.map(inner) : undefined,
      fields: Object.fromEntries(Object.entries(error).filter(([, value]) => isPlain(value))),
      marks: marksOf(error),
    },
  }
}

/** Puts it together again. `isInstance` holds as before, `instanceof` only for what JavaScript has. */
export function reviveFailure(failure: JobFailure): unknown {
  if (failure.error === undefined) return failure.value
  const { name, message, stack, cause, errors, fields, marks } = failure.error
  const error =
    errors === undefined
      ? new (builtIn.get(name) ?? Error)(message)
      : new AggregateError(errors.map(reviveFailure), message)
  const define = (key: string, value: unknown): void => {
    Object.defineProperty(error, key, {
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    })
  }
  for (const each of marks) mark(error, each)
  define('name', name)
  if (stack !== undefined) define('stack', stack)
  if (cause !== undefined) define('cause', reviveFailure(cause))
  return Object.assign(error, fields)
}

function isPlain(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}

function marksOf(error: object): string[] {
  const marks = new Set<string>()
  for (let each: object | null = error; each !== null; each = Object.getPrototypeOf(each)) {
    for (const symbol of Object.getOwnPropertySymbols(each)) {
      const key = Symbol.keyFor(symbol)
      if (key?.startsWith(MARK)) marks.add(key.slice(MARK.length))
    }
  }
  return Array.from(marks)
}
