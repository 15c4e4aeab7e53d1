import { v2Failure } from './v2-failure.ts'

/** A page of a list of the v2 API: 20 of them, or `limit`. Source: https://docs.stripe.com/api-v2-overview#list-pagination */
export function thinPage(
  path: string,
  all: readonly object[],
  query: URLSearchParams,
): { data: object[]; next_page_url: string | null; previous_page_url: string | null } {
  const limit = wholeOf(query, 'limit', 20, { from: 1, to: 100 })
  const start = wholeOf(query, 'page', 0, { from: 0, to: all.length })
  const urlOf = (page: number): string => {
    const other = new URLSearchParams(query)
    other.set('page', String(page))
    return `${path}?${other.toString()}`
  }
  const end = start + limit
  return {
    data: all.slice(start, end),
    next_page_url: end < all.length ? urlOf(end) : null,
    previous_page_url: start > 0 ? urlOf(Math.max(0, start - limit)) : null,
  }
}

/** Whether a moment, in seconds since 1970, is within `gt`, `gte`, `lt` and `lte`. */
export function betweenOf(query: URLSearchParams): (at: number) => boolean {
  const momentOf = (name: string): number | undefined => {
    const given = query.get(name)
    if (given === null) return undefined
    const at = Date.parse(given)
    if (Number.isNaN(at)) throw v2Failure(`Invalid ${name}: ${given}`)
    return at / 1000
  }
  const [gt, gte, lt, lte] = [momentOf('gt'), momentOf('gte'), momentOf('lt'), momentOf('lte')]
  return (at) =>
    (gt === undefined || at > gt) &&
    (gte === undefined || at >= gte) &&
    (lt === undefined || at < lt) &&
    (lte === undefined || at <= lte)
}

function wholeOf(
  query: URLSearchParams,
  name: string,
  otherwise: number,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const given = query.get(name)
  if (given === null) return otherwise
  const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (value >= from && value <= to) return value
  throw v2Failure(`Invalid ${name}: ${given}`)
}
