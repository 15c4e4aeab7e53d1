import { expectOneOf, expected } from '@yuzuru/concurrency/boundary'
import { calendar_v3 } from '@googleapis/calendar'
import type { HttpResponse, QueryValue } from '@yuzuru/http'
import type { AccountApi, ApiRequest } from './account-api.ts'
import type { Operations } from '../wire/operations.ts'
import { calendarFailure } from '../wire/translate-error.ts'

/**
 * What Google's generated client asks its `auth` for: all of an HTTP call. (Its own way, through gaxios
 * and google-auth-library, notices a cancel only between its steps, and forgets refresh tokens that
 * were replaced.) Only what the Calendar API uses is read.
 */
interface NativeRequest {
  readonly url?: string | URL
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly headers?: Headers
  readonly data?: unknown
  readonly signal?: AbortSignal | null
  readonly timeout?: number
  readonly responseType?: string
}

interface NativeResponse {
  readonly data: unknown
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly config: { readonly url: string; readonly method: string }
}

/** Google's own client, bound to one account, over our transport. */
export function nativeClient(
  api: AccountApi,
  operations: Operations,
  reference: string,
  apiRoot: string,
): calendar_v3.Calendar {
  const auth = new AccountAuth(api, operations, reference)
  return new calendar_v3.Calendar({
    rootUrl: apiRoot,
    // Its type lists Google's own classes; what is called is `request`.
    auth: auth as unknown as NonNullable<calendar_v3.Options['auth']>,
  })
}

class AccountAuth {
  readonly #api: AccountApi
  readonly #operations: Operations
  readonly #reference: string

  constructor(api: AccountApi, operations: Operations, reference: string) {
    this.#api = api
    this.#operations = operations
    this.#reference = reference
  }

  async request(given: NativeRequest): Promise<NativeResponse> {
    const { method: anyCase = 'GET', signal, timeout, responseType = 'json' } = given
    const method = anyCase.toUpperCase()
    const url = String(given.url)
    expectOneOf('responseType', responseType, ['json', 'text'])
    const effect = method === 'GET' ? 'read' : method === 'DELETE' ? 'idempotent' : 'write'
    const call = { operation: 'client', reference: this.#reference, effect } as const
    const options = {
      signal: signal ?? undefined,
      timeoutMs: timeout === 0 ? undefined : timeout,
    }
    return await this.#operations.perform(call, options, async () => {
      const response = await this.#api.send(call, {
        method,
        url,
        query: queryOf(given.params),
        headers: headersOf(given.headers),
        ...bodyOf(given.data),
      })
      return {
        data: await dataOf(response, responseType).catch((error: unknown) => {
          throw calendarFailure(call, error)
        }),
        status: response.status,
        statusText: '',
        headers: new Headers(response.headers.toJSON()),
        config: { url, method },
      }
    })
  }
}

/** The body as gaxios gives it: JSON where it is some, else text. */
async function dataOf(response: HttpResponse, responseType: string): Promise<unknown> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  if (text === '' || responseType === 'text' || !isJson) return text
  return await response.json()
}

function queryOf(params: NativeRequest['params'] = {}): NonNullable<ApiRequest['query']> {
  const query: Record<string, QueryValue | QueryValue[]> = {}
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      throw expected(`${name} to be a string, number, boolean or list`, value)
    }
    query[name] = value as QueryValue | QueryValue[]
  }
  return query
}

/** Its `accept-encoding` promises what our transport does not do. */
function headersOf(headers: Headers | undefined): Record<string, string> {
  const { 'accept-encoding': _, authorization: __, ...kept } = Object.fromEntries(headers ?? [])
  return kept
}

function bodyOf(data: unknown): { json?: unknown; body?: string } {
  if (data === undefined || data === null) return {}
  if (typeof data === 'string') return { body: data }
  if (Object.getPrototypeOf(data) === Object.prototype) return { json: data }
  throw expected('data to be a plain object or a string', data)
}
