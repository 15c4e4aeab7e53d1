import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { badParameter } from './failure.ts'
import type { Fields, Shape } from './shape.ts'

/** What of a resource is wanted: by name, each whole (`true`) or in part. */
type Mask = Map<string, Mask | true>

/**
 * A partial response: `kind,items(id,start/dateTime)`.
 * Source: https://developers.google.com/workspace/calendar/api/guides/performance
 *
 * @throws CalendarFailure 400 for a selection that is malformed, or of a field that there is not
 */
export function selectFields(selection: string, reply: Fields, resource: JsonObject): JsonObject {
  const reader = { text: selection, at: 0 }
  const mask = readMask(reader)
  if (reader.at < selection.length) throw badSelection(selection)
  expectKnown(mask, reply)
  return selected(mask, resource)
}

function readMask(reader: { readonly text: string; at: number }): Mask {
  const mask: Mask = new Map()
  for (;;) {
    const path: string[] = []
    do {
      const [name] = /^(?:[\w$-]+|\*)/.exec(reader.text.slice(reader.at)) ?? []
      if (name === undefined) throw badSelection(reader.text.slice(reader.at))
      path.push(name)
      reader.at += name.length
    } while (take(reader, '/'))
    let inner: Mask | true = true
    if (take(reader, '(')) {
      inner = readMask(reader)
      if (!take(reader, ')')) throw badSelection(reader.text)
    }
    add(mask, path, inner)
    if (!take(reader, ',')) return mask
  }
}

function take(reader: { readonly text: string; at: number }, sign: string): boolean {
  const found = reader.text.charAt(reader.at) === sign
  if (found) reader.at += 1
  return found
}

function add(mask: Mask, [name = '', ...rest]: readonly string[], inner: Mask | true): void {
  const before = mask.get(name)
  if (before === true) return
  if (rest.length === 0) {
    if (inner === true || before === undefined) mask.set(name, inner)
    else for (const [each, part] of inner) add(before, [each], part)
    return
  }
  const own: Mask = before ?? new Map()
  mask.set(name, own)
  add(own, rest, inner)
}

function expectKnown(mask: Mask, fields: Fields): void {
  for (const [name, inner] of mask) {
    if (name === '*') continue
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (shape === undefined) throw badSelection(name)
    const within = fieldsWithin(shape)
    if (inner !== true && within) expectKnown(inner, within)
  }
}

function fieldsWithin(shape: Shape): Fields | undefined {
  if (shape.kind === 'list') return fieldsWithin(shape.of)
  return shape.kind === 'fields' ? shape.fields : undefined
}

function selected(mask: Mask, resource: JsonObject): JsonObject {
  const kept: [string, Json][] = []
  for (const [name, value] of Object.entries(resource)) {
    const inner = mask.get(name) ?? mask.get('*')
    if (inner === undefined) continue
    kept.push([name, inner === true ? value : within(inner, value)])
  }
  return Object.fromEntries(kept)
}

function within(mask: Mask, value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => within(mask, each))
  return isJsonObject(value) ? selected(mask, value) : value
}

function badSelection(what: string): Error {
  return badParameter('fields', `Invalid field selection ${what}`, 'invalidParameter')
}
