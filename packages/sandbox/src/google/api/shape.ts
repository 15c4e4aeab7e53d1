import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { CalendarFailure, notHere } from './failure.ts'

/** What a part of a resource is, and whether a client may set it. */
export type Shape =
  | { readonly kind: 'text'; readonly values?: readonly string[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'list'; readonly of: Shape }
  /** Texts by any name. */
  | { readonly kind: 'texts' }
  | { readonly kind: 'fields'; readonly fields: Fields }
  /** Set by the server alone: a client's value is left out, as Google does. */
  | { readonly kind: 'readOnly' }
  /** Google has it, the sandbox does not. */
  | { readonly kind: 'missing' }

export type Fields = Readonly<Record<string, Shape>>

export const text: Shape = { kind: 'text' }
export const flag: Shape = { kind: 'flag' }
export const integer: Shape = { kind: 'integer' }
export const texts: Shape = { kind: 'texts' }
export const readOnly: Shape = { kind: 'readOnly' }
export const missing: Shape = { kind: 'missing' }
export const oneOf = (...values: string[]): Shape => ({ kind: 'text', values })
export const listOf = (of: Shape): Shape => ({ kind: 'list', of })
export const fieldsOf = (fields: Fields): Shape => ({ kind: 'fields', fields })

/**
 * What of a body a client may set. A null stays one: in a patch it unsets.
 *
 * @throws CalendarFailure 400 for a field that Google does not know or a value of another type; 501 for
 *   a field that the sandbox does not have
 */
export function readFields(fields: Fields, body: JsonObject, path = ''): JsonObject {
  const kept: [string, Json][] = []
  for (const [name, value] of Object.entries(body)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined
    const at = path === '' ? name : `${path}.${name}`
    if (shape === undefined) {
      const where = path === '' ? '' : ` at '${path}'`
      throw bad(`Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.`)
    }
    if (shape.kind === 'readOnly') continue
    kept.push([name, value === null ? null : readValue(shape, value, at)])
  }
  return Object.fromEntries(kept)
}

function readValue(shape: Shape, value: Json, path: string): Json {
  switch (shape.kind) {
    case 'text': {
      if (typeof value !== 'string') throw wrong(path, 'TYPE_STRING', value)
      if (shape.values && !shape.values.includes(value)) {
        throw new CalendarFailure(400, 'invalid', `Invalid value for: ${path}`)
      }
      return value
    }
    case 'flag':
      if (typeof value !== 'boolean') throw wrong(path, 'TYPE_BOOL', value)
      return value
    case 'integer':
      if (!Number.isInteger(value)) throw wrong(path, 'TYPE_INT32', value)
      return value
    case 'list':
      if (!Array.isArray(value)) throw wrong(path, 'a list', value)
      return value.map((each, at) => readValue(shape.of, each, `${path}[${at}]`))
    case 'texts': {
      if (!isJsonObject(value)) throw wrong(path, 'a map', value)
      const entries = Object.entries(value)
      for (const [name, each] of entries) {
        if (each !== null && typeof each !== 'string')
          throw wrong(`${path}.${name}`, 'TYPE_STRING', each)
      }
      return value
    }
    case 'fields':
      if (!isJsonObject(value)) throw wrong(path, 'an object', value)
      return readFields(shape.fields, value, path)
    case 'readOnly':
      return value
    default:
      throw notHere(path)
  }
}

function wrong(path: string, type: string, value: Json): CalendarFailure {
  return bad(`Invalid value at '${path}' (${type}), ${JSON.stringify(value).slice(0, 80)}`)
}

function bad(message: string): CalendarFailure {
  return new CalendarFailure(400, 'badRequest', message)
}
