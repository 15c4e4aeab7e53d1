import { invalid, missing } from './error.ts'
import type { FormValue } from './form.ts'
import type { JsonObject } from '../../json.ts'
import { hash, integer, text, type Parameter } from './parameters.ts'

export interface CreatedFilter {
  gt?: number
  gte?: number
  lt?: number
  lte?: number
}

/** The parameters that every list takes. */
export const listParameters: {
  limit: Parameter<number>
  starting_after: Parameter<string>
  ending_before: Parameter<string>
  created: Parameter<CreatedFilter>
} = {
  limit: integer(1, 100),
  starting_after: text(),
  ending_before: text(),
  created: {
    read(value: FormValue, name: string): CreatedFilter {
      if (typeof value === 'string') {
        const at = integer().read(value, name)
        return { gte: at, lte: at }
      }
      return hash({ gt: integer(), gte: integer(), lt: integer(), lte: integer() }).read(
        value,
        name,
      )
    },
  },
}

export interface ListCall {
  readonly limit?: number
  readonly starting_after?: string
  readonly ending_before?: string
  readonly created?: CreatedFilter
}

/** A page, newest first. `kind` names the object in "No such …" for a cursor that does not exist. */
export function page<T extends { id: string }>(
  url: string,
  kind: string,
  records: Iterable<T>,
  call: ListCall,
  keep: (record: T) => boolean = () => true,
): JsonObject {
  if (call.starting_after !== undefined && call.ending_before !== undefined) {
    throw invalid('You may only specify one of these parameters: ending_before, starting_after.')
  }
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = call.created ?? {}
  const inRange = (record: T): boolean => {
    const created = 'created' in record ? Number(record.created) : 0
    return created > gt && created >= gte && created < lt && created <= lte
  }
  const newestFirst = [...records].toReversed()
  const positionOf = (id: string, param: string): number => {
    const position = newestFirst.findIndex((record) => record.id === id)
    if (position < 0) throw missing(kind, id, param)
    return position
  }
  const limit = call.limit ?? 10
  if (call.ending_before !== undefined) {
    const end = positionOf(call.ending_before, 'ending_before')
    const before = newestFirst.slice(0, end).filter((record) => keep(record) && inRange(record))
    return asList(url, before.slice(-limit), before.length > limit)
  }
  const start =
    call.starting_after === undefined ? 0 : positionOf(call.starting_after, 'starting_after') + 1
  const rest = newestFirst.slice(start).filter((record) => keep(record) && inRange(record))
  return asList(url, rest.slice(0, limit), rest.length > limit)
}

function asList(url: string, data: object[], hasMore: boolean): JsonObject {
  return { object: 'list', data: data as JsonObject[], has_more: hasMore, url }
}
