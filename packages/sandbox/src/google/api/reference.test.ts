import { expect, test } from 'vitest'

import {
  type DeclaredFields,
  declaredFields,
  declaredParameters,
  declaredScopes,
} from '../../../test/google/declared.ts'
import { ACL, ACL_RULE } from '../acl/schema.ts'
import { CALENDAR, CALENDAR_LIST, CALENDAR_LIST_ENTRY } from '../calendars/schema.ts'
import { CHANNEL } from '../channels/channels.ts'
import { FREE_BUSY, FREE_BUSY_REQUEST } from '../events/free-busy.ts'
import { EVENT, EVENTS } from '../events/schema.ts'
import { methods } from '../methods.ts'
import { SCOPES } from './scopes.ts'
import type { Fields, Shape } from './shape.ts'

test('each method takes the parameters that Google declares, and no other', () => {
  for (const { name, path, parameters } of methods) {
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, part]) => part ?? '')
    const known = [...Object.keys(parameters), ...inPath]
    expect([name, ...known.toSorted()]).toEqual([name, ...declaredParameters(name).toSorted()])
  }
})

test('each method needs one of the scopes that the reference names', () => {
  const needed = Object.fromEntries(
    methods.map(({ name }) => [name, declaredScopes(name).toSorted()]),
  )
  const ours = Object.entries(SCOPES).map(([name, scopes]) => [name, scopes.toSorted()] as const)
  expect(Object.fromEntries(ours)).toEqual(needed)
})

test.each([
  ['Acl', ACL],
  ['AclRule', ACL_RULE],
  ['Calendar', CALENDAR],
  ['CalendarList', CALENDAR_LIST],
  ['CalendarListEntry', CALENDAR_LIST_ENTRY],
  ['Channel', CHANNEL],
  ['Event', EVENT],
  ['Events', EVENTS],
  ['FreeBusyRequest', FREE_BUSY_REQUEST],
  ['FreeBusyResponse', FREE_BUSY],
])('%s has the fields that Google declares, down to the last', (schema, fields) => {
  expect(differences(fields, declaredFields(schema), schema)).toEqual([])
})

function differences(ours: Fields, declared: DeclaredFields, path: string): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(declared)])
  return [...names].flatMap((name) => {
    const at = `${path}.${name}`
    const [shape, type] = [ours[name], declared[name]]
    if (shape === undefined || type === undefined) return [`${at}: is on one side only`]
    return shapeDifferences(shape, type, at)
  })
}

function shapeDifferences(shape: Shape, type: string | DeclaredFields, path: string): string[] {
  const no = [`${path}: ${shape.kind} is not ${JSON.stringify(type)}`]
  if (shape.kind === 'readOnly' || shape.kind === 'missing') return []
  if (shape.kind === 'texts') return typeof type !== 'string' && '*' in type ? [] : no
  if (typeof type !== 'string') {
    return shape.kind === 'fields' ? differences(shape.fields, type, path) : no
  }
  const plain = type.replace(/ \| null$/, '')
  const schema = /^Schema\$(\w+)$/.exec(plain)?.[1]
  if (shape.kind === 'fields') {
    return schema === undefined ? no : differences(shape.fields, declaredFields(schema), path)
  }
  if (shape.kind === 'list') {
    return plain.endsWith('[]') ? shapeDifferences(shape.of, plain.slice(0, -2), path) : no
  }
  const scalars = { text: 'string', flag: 'boolean', integer: 'number' }
  return scalars[shape.kind] === plain ? [] : no
}
