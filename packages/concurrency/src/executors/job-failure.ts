import { types } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { describeValue } from '../arguments/describe-value.ts'
import { mark } from '../scopes/marker.ts'
import { outcomeOf, raiseOutcome } from '../scopes/outcome.ts'

/** What a job threw, in a form that can be sent, with what structured clone would drop of errors. */
export interface JobFailure {
  /** What was thrown, where it was not an error: a copy of it. */
  readonly value?: unknown
  readonly error?: ErrorParts
  /** Whether it says, of itself or by one of its parts, that an effect may have happened. */
  readonly mayHaveHappened?: true
}

interface ErrorParts {
  /** The nearest of JavaScript's own classes. */
  readonly base: string
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Its `cause`, `error` and `suppressed`, where it has them. */
  readonly inner: Readonly<Record<string, JobFailure>>
  readonly errors: readonly JobFailure[] | undefined
  readonly fields: Readonly<Record<string, unknown>>
  readonly marks: readonly string[]
}

const MARK = 'yuzuru.'

/** A chain of causes that is longer than this is cut. */
const MAX_DEPTH = 8

/** Stands for an error of several that is too deep to be kept: without it the rest would speak for all. */
const CUT: JobFailure[] = [{ value: 'an error that is too deep within others to be kept' }]

const builtIn = new Map<string, (message: string, name: string) => Error>([
  ['DOMException', (message, name) => new DOMException(message, name)],
  ['AggregateError', (message) => new AggregateError([], message)],
  ['SuppressedError', (message) => new SuppressedError(undefined, undefined, message)],
  ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error].map(
    (Each) => [Each.name, (message: string) => new Each(message)] as const,
  ),
])

/**
 * Takes apart what was thrown, whatever it is; never throws itself. An error keeps its kind, name,
 * message, stack, causes, marks and fields of primitive types. Anything else arrives as a copy, or, when
 * it cannot be copied, as an error that says what it was.
 */
export function describeFailure(thrown: unknown): JobFailure {
  return describe(thrown, new Map())
}

/** @param seen the errors around this one, and those that are described; the former are left out */
function describe(
  thrown: unknown,
  seen: Map<unknown, JobFailure | undefined>,
  depth = 0,
): JobFailure {
  if (isPlain(thrown)) return { value: thrown }
  const taken = takenApart(thrown, seen, depth)
  // Where an error left a scope with an effect, its own fields need not show it, nor what is kept of its parts.
  return outcomeOf(thrown) === 'unknown' ? { ...taken, mayHaveHappened: true } : taken
}

function takenApart(
  thrown: unknown,
  seen: Map<unknown, JobFailure | undefined>,
  depth: number,
): JobFailure {
  try {
    if (types.isNativeError(thrown) || thrown instanceof Error) {
      return { error: describeError(thrown, seen, depth) }
    }
    // Copied at once: a getter may return something else when it is read again.
    return { value: deserialize(serialize(thrown)) }
  } catch {
    const message = `The job threw ${describeValue(thrown)}, which cannot be sent`
    const fields = fieldsOf(thrown as object)
    const nothing = { stack: undefined, inner: {}, errors: undefined, marks: [] }
    return { error: { base: 'Error', name: 'Error', message, fields, ...nothing } }
  }
}

function describeError(
  error: Error,
  seen: Map<unknown, JobFailure | undefined>,
  depth: number,
): ErrorParts {
  const inside = (value: unknown, cut: JobFailure[] = []): JobFailure[] => {
    if (depth === MAX_DEPTH) return cut
    const known = seen.get(value)
    if (known !== undefined) return [known]
    // A circle: it is listed already.
    if (seen.has(value)) return []
    const failure = describe(value, seen, depth + 1)
    if (!isPlain(value)) seen.set(value, failure)
    return [failure]
  }
  seen.set(error, undefined)
  const inner: Record<string, JobFailure> = {}
  for (const key of ['cause', 'error', 'suppressed']) {
    const value = read(error, key)
    if (value !== undefined) for (const failure of inside(value)) inner[key] = failure
  }
  const errors = read(error, 'errors')
  const base = baseOf(error)
  return {
    base,
    name: text(read(error, 'name')) ?? base,
    message: text(read(error, 'message')) ?? '',
    stack: text(read(error, 'stack')),
    inner,
    errors: Array.isArray(errors) ? errors.flatMap((each) => inside(each, CUT)) : undefined,
    fields: fieldsOf(error),
    marks: marksOf(error),
  }
}

/** Puts it together again. `isInstance` holds as before, `instanceof` only for what JavaScript has. */
export function reviveFailure(
  failure: JobFailure,
  revived: Map<JobFailure, Error> = new Map(),
): unknown {
  const known = revived.get(failure)
  if (known !== undefined) return known
  const thrown =
    failure.error === undefined ? failure.value : revive(failure, failure.error, revived)
  if (failure.mayHaveHappened) raiseOutcome(thrown)
  return thrown
}

function revive(failure: JobFailure, parts: ErrorParts, revived: Map<JobFailure, Error>): Error {
  const { base, name, message, stack, inner, errors, fields, marks } = parts
  const make = builtIn.get(base) ?? ((): Error => new Error(message))
  const error = make(message, name)
  revived.set(failure, error)
  const define = (key: string, value: unknown, enumerable = false): void => {
    Object.defineProperty(error, key, { value, configurable: true, enumerable, writable: true })
  }
  for (const each of marks) mark(error, each)
  define('name', name)
  if (stack !== undefined) define('stack', stack)
  for (const [key, each] of Object.entries(inner)) define(key, reviveFailure(each, revived))
  if (errors !== undefined) {
    define(
      'errors',
      errors.map((each) => reviveFailure(each, revived)),
    )
  }
  for (const [key, value] of Object.entries(fields)) define(key, value, true)
  return error
}

function isPlain(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}

/** A property, whose getter may throw. */
function read(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** Its own fields of primitive types. */
function fieldsOf(value: object | symbol): Readonly<Record<string, unknown>> {
  try {
    const fields = Object.keys(value).map((key) => [key, read(value as object, key)] as const)
    return Object.fromEntries(fields.filter(([, each]) => each !== undefined && isPlain(each)))
  } catch {
    return {}
  }
}

/** By name: an error of another realm has other classes. */
function baseOf(error: object): string {
  for (let each: object | null = error; each !== null; each = Object.getPrototypeOf(each)) {
    const name = text(read(each.constructor, 'name'))
    if (name !== undefined && builtIn.has(name)) return name
  }
  return 'Error'
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
