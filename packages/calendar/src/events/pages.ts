import { expected, expectInteger } from '@yuzuru/concurrency/boundary'
import type { IoOptions } from '@yuzuru/concurrency'
import type { AccountApi } from '../accounts/account-api.ts'
import { isPage } from '../wire/answer-shape.ts'
import type { Operation, Operations } from '../wire/operations.ts'

/** The query of a list. */
export type PageQuery = Readonly<Record<string, string | number | boolean | undefined>>

/** Lists of Google's, page by page: each is asked for when the one before has been taken. */
export class Pages {
  readonly #api: AccountApi
  readonly #operations: Operations

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
  }

  /** Nothing is open between two pages. */
  async *of<Page extends { nextPageToken?: string | null }>(
    call: Operation,
    url: string,
    query: PageQuery,
    options: IoOptions | undefined,
  ): AsyncGenerator<Page, void, undefined> {
    let pageToken: string | undefined
    do {
      const request = { method: 'GET', url, query: { ...query, pageToken } }
      const page = await this.#operations.perform(call, options, () =>
        this.#api.json<Page>(call, request, isPage),
      )
      yield page
      pageToken = page.nextPageToken ?? undefined
    } while (pageToken !== undefined)
  }
}

/** A moment in a query. */
export function timeOf(name: string, time: Date | undefined): string | undefined {
  if (time === undefined) return undefined
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString()
  throw expected(`${name} to be a valid Date`, time)
}

/** Throws unless a range that has both ends is one. */
export function expectRange(from: Date | undefined, to: Date | undefined): void {
  timeOf('from', from)
  timeOf('to', to)
  if (from && to && to <= from) throw new TypeError('Expected to to be after from')
}

export function expectPageSize(pageSize: number = 250, most: number = 2_500): number {
  expectInteger('pageSize', pageSize, 1, most)
  return pageSize
}
