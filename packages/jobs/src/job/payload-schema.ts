import { Cancelled, IoError } from '@yuzuru/concurrency'
import { expected, fieldOf } from '@yuzuru/concurrency/boundary'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * What checks a payload: a schema of any library that implements Standard Schema
 * (https://standardschema.dev: zod, valibot, arktype …), or a function that gives the payload for the
 * handler and throws on what it does not accept. Either may be asynchronous.
 */
export type PayloadSchema<Input = unknown, Output = Input> =
  | StandardSchemaV1<Input, Output>
  | ((json: unknown) => Output | Promise<Output>)

/** A payload that was refused. It says where and never what: a payload may hold personal data. */
export class PayloadRefusal extends Error {
  override readonly name = 'PayloadRefusal'
  /** What a function threw that checks payloads; of a schema's issues only the places are kept. */
  override readonly cause: unknown
  constructor(message: string, cause?: unknown) {
    super(message)
    this.cause = cause
  }
}

/** Throws unless `schema` is a {@link PayloadSchema}. */
export function expectSchema(schema: unknown, option = 'schema'): void {
  if (typeof schema === 'function' || standardOf(schema) !== undefined) return
  throw expected(`${option} to be a Standard Schema or a function`, schema)
}

/**
 * The payload as the handler gets it; a promise where the schema is asynchronous.
 *
 * @throws {PayloadRefusal} when it is not accepted. `Cancelled` and failures of a boundary that the check
 *   itself asks (an `IoError`) pass through: they say nothing about the payload
 */
export function checked(schema: PayloadSchema, json: unknown, what = 'payload'): unknown {
  const standard = standardOf(schema)
  const resultOf = (result: StandardSchemaV1.Result<unknown>): unknown => {
    if (result.issues !== undefined) throw refusedAt(result.issues, what)
    return result.value
  }
  const call = (): unknown => {
    if (standard === undefined) return (schema as (json: unknown) => unknown)(json)
    const result = standard.validate(json)
    return isPromise(result) ? result.then(resultOf) : resultOf(result)
  }
  return orRefused(call, what)
}

/** Calls what may be asynchronous. What it throws is a refusal, unless it says nothing about the payload. */
export function orRefused(call: () => unknown, what = 'payload'): unknown {
  try {
    const value = call()
    return isPromise(value) ? value.catch((error: unknown) => refuse(error, what)) : value
  } catch (error) {
    return refuse(error, what)
  }
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof fieldOf(value, 'then') === 'function'
}

function refuse(error: unknown, what: string): never {
  const isAboutPayload = !Cancelled.isInstance(error) && !IoError.isInstance(error)
  if (!isAboutPayload || error instanceof PayloadRefusal) throw error
  // What `schema.parse(json)` of a library throws says by its issues what it is.
  const issues = fieldOf(error, 'issues')
  if (Array.isArray(issues)) throw refusedAt(issues as StandardSchemaV1.Issue[], what)
  throw new PayloadRefusal('it threw', error)
}

function standardOf(schema: unknown): StandardSchemaV1['~standard'] | undefined {
  // A schema may be a function too: arktype's are.
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null)
    return undefined
  const standard: unknown = Reflect.get(schema, '~standard')
  if (typeof fieldOf(standard, 'validate') !== 'function') return undefined
  return standard as StandardSchemaV1['~standard']
}

/** How many places an error names. */
const MOST_PLACES = 10

function refusedAt(issues: readonly StandardSchemaV1.Issue[], what: string): PayloadRefusal {
  const places = [...new Set(issues.map(({ path = [] }) => `${what}${path.map(keyOf).join('')}`))]
  const more = places.length > MOST_PLACES ? ` and ${places.length - MOST_PLACES} more` : ''
  return new PayloadRefusal(`${places.slice(0, MOST_PLACES).join(', ')}${more}`)
}

/** A key of a record may be data itself (an address, a name): only what looks like a field is shown. */
function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  const key = typeof segment === 'object' ? segment.key : segment
  if (typeof key === 'number') return `[${key}]`
  return typeof key === 'string' && /^[A-Za-z_$][\w$-]{0,59}$/.test(key) ? `.${key}` : '[…]'
}
