import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { StripeState } from '../core/state.ts'
import { invalid } from './error.ts'
import { integer, required, text, type Parameter } from './parameters.ts'

/** What every search takes. */
export const searchParameters: {
  limit: Parameter<number>
  page: Parameter<string>
  query: Parameter<string> & { readonly required: true }
} = { limit: integer(1, 100), page: text(), query: required(text()) }

interface SearchCall {
  readonly limit?: number
  readonly page?: string
  readonly query: string
}

interface Clause {
  readonly field: string
  readonly operator: '!=' | '<' | '<=' | '=' | '>' | '>=' | '~'
  readonly value: number | string | null
  readonly negated: boolean
}

const clausePattern =
  /^(-?)([a-z_.]+(?:\["(?:[^"\\]|\\.)*"\])?)(>=|<=|>|<|:|~)("(?:[^"\\]|\\.)*"|null|-?\d+(?:\.\d+)?|true|false)\s*/

/**
 * A page of what matches a query, newest first, in the envelope of a search. AND and OR don't mix.
 * Source: https://docs.stripe.com/search#search-query-language
 *
 * @throws StripeFailure 400 for a query or a field that is not searchable
 */
export function search(
  state: StripeState,
  url: string,
  records: Iterable<JsonObject>,
  fields: readonly string[],
  call: SearchCall,
): JsonObject {
  const { clauses, isAny } = parse(call.query, fields)
  const seen = (record: JsonObject): JsonObject | undefined => {
    const id = typeof record['id'] === 'string' ? record['id'] : ''
    return isLagging(state) ? state.searchable[id] : record
  }
  const found = [...records].toReversed().filter((record) => {
    const indexed = seen(record)
    if (indexed === undefined) return false
    const holds = (clause: Clause): boolean => matches(indexed, clause) !== clause.negated
    return isAny ? clauses.some(holds) : clauses.every(holds)
  })
  const start = call.page === undefined ? 0 : Number.parseInt(call.page, 10)
  if (!Number.isInteger(start)) throw invalid('Invalid page token.', 'page')
  const end = start + (call.limit ?? 10)
  return {
    object: 'search_result',
    data: found.slice(start, end),
    has_more: found.length > end,
    next_page: found.length > end ? String(end) : null,
    url,
  }
}

const lag = '__lagging__'

/** From now on search sees only what was indexed. */
export function makeSearchLag(state: StripeState): void {
  state.searchable[lag] ??= {}
}

function isLagging(state: StripeState): boolean {
  return Object.hasOwn(state.searchable, lag)
}

/** Shows search the objects as they are now. */
export function indexSearch(state: StripeState): void {
  const { charges, customers, invoices, paymentIntents, prices, products, subscriptions } = state
  const all = [charges, customers, invoices, paymentIntents, prices, products, subscriptions]
  state.searchable = Object.assign(
    {},
    ...structuredClone(all),
    isLagging(state) ? { [lag]: {} } : {},
  )
}

function parse(query: string, fields: readonly string[]): { clauses: Clause[]; isAny: boolean } {
  const clauses: Clause[] = []
  const joints = new Set<string>()
  let rest = query.trim()
  while (rest !== '') {
    const match = clausePattern.exec(rest)
    if (!match) throw invalid(`We were unable to parse your search query: ${query}`, 'query')
    const [whole, sign = '', field = '', operator = '', value = ''] = match
    const [base = field] = field.split('[')
    if (!fields.includes(base)) {
      throw invalid(`Field \`${base}\` is an unsupported search field.`, 'query')
    }
    clauses.push({
      field,
      operator: operator === ':' ? '=' : (operator as Clause['operator']),
      value: valueOf(value),
      negated: sign === '-',
    })
    rest = rest.slice(whole.length)
    const joint = /^(AND|OR)\s+/i.exec(rest)
    if (joint) {
      joints.add((joint[1] ?? '').toUpperCase())
      rest = rest.slice(joint[0].length)
    } else if (rest !== '') joints.add('AND')
  }
  if (clauses.length === 0) throw invalid('Your search query is empty.', 'query')
  if (joints.size > 1) throw invalid('You cannot combine AND and OR in one query.', 'query')
  return { clauses, isAny: joints.has('OR') }
}

function valueOf(text: string): number | string | null {
  if (text === 'null') return null
  if (text.startsWith('"')) return text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
  return /^-?\d/.test(text) ? Number(text) : text
}

function matches(record: JsonObject, { field, operator, value }: Clause): boolean {
  const actual = fieldOf(record, field)
  if (value === null) return actual === null || actual === undefined
  if (operator === '~') {
    return typeof actual === 'string' && actual.toLowerCase().includes(String(value).toLowerCase())
  }
  if (operator === '=') {
    return typeof actual === 'string' && typeof value === 'string'
      ? actual.toLowerCase() === value.toLowerCase()
      : JSON.stringify(actual ?? null) === String(value)
  }
  if (typeof actual !== 'number') return false
  const bound = Number(value)
  if (operator === '>') return actual > bound
  if (operator === '>=') return actual >= bound
  return operator === '<' ? actual < bound : actual <= bound
}

function fieldOf(record: JsonObject, field: string): Json | undefined {
  const [, base = field, key] = /^([a-z_.]+)(?:\["(.*)"\])?$/.exec(field) ?? []
  const value = record[base]
  if (key === undefined) return value
  return isJsonObject(value) ? value[key.replaceAll(/\\(.)/g, '$1')] : undefined
}
