import type { JsonObject } from '../../json.ts'
import { badParameter } from './failure.ts'
import { openToken, sealToken } from '../core/opaque-token.ts'
import type { GoogleService } from '../core/service.ts'
import type { Synced } from './sync.ts'

/** One entry of a list, in its place. */
export interface Entry {
  readonly id: string
  /** What the list is ordered by; entries of one key are ordered by their ids. */
  readonly key: number
  readonly render: () => JsonObject
}

/** Which page of which list. */
export interface PageQuery {
  readonly maxResults: number
  readonly pageToken: string | undefined
  /** Equal for the pages of one list. */
  readonly fingerprint: string
}

interface PageToken {
  readonly kind: 'page'
  readonly of: string
  /** The query without its page token: a page token belongs to one query. */
  readonly query: string
  /** The last entry of the page before: its sort key, then its id. */
  readonly after: readonly [number, string]
  /** The revision at the first page; the sync token at the end counts from there. */
  readonly snapshot: number
}

export interface Page {
  readonly items: JsonObject[]
  /** Of the next page; `undefined` on the last one. */
  readonly nextPageToken: string | undefined
  /** The revision at the first page of the list. */
  readonly snapshot: number
}

/** Cuts a page out of a list. @throws CalendarFailure 400 for a page token of another list */
export function pageOf(
  { state }: GoogleService,
  list: Synced,
  entries: readonly Entry[],
  query: PageQuery,
): Page {
  const place = query.pageToken === undefined ? undefined : open(state.tokenKey, list, query)
  const sorted = entries.toSorted((a, b) => a.key - b.key || (a.id < b.id ? -1 : 1))
  const [key, id] = place?.after ?? [Number.NEGATIVE_INFINITY, '']
  const rest = sorted.filter((each) => each.key > key || (each.key === key && each.id > id))
  const page = rest.slice(0, query.maxResults)
  const last = page.at(-1)
  const snapshot = place?.snapshot ?? list.revision
  const items = page.map(({ render }) => render())
  if (rest.length === page.length || !last) return { items, nextPageToken: undefined, snapshot }
  const token: PageToken = {
    kind: 'page',
    of: list.id,
    query: query.fingerprint,
    after: [last.key, last.id],
    snapshot,
  }
  return { items, nextPageToken: sealToken(state.tokenKey, token), snapshot }
}

function open(key: string, list: Synced, query: PageQuery): PageToken {
  const token = openToken(key, query.pageToken ?? '') as PageToken | undefined
  const valid = token?.kind === 'page' && token.of === list.id && token.query === query.fingerprint
  if (valid) return token
  throw badParameter('pageToken', 'Invalid page token value.', 'invalid')
}
