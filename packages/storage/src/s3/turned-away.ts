import { type HttpInterceptor, HttpResponse } from '@yuzuru/http'
import { saysTurnedAway } from './s3-error.ts'
import { errorCodeOf } from './s3-refusal.ts'

/**
 * Trusts a store's code, such as `SlowDown`, that it did not begin a write. For the transport any 503 may
 * come from a gateway behind which the write went on, so the outcome of all retries would be unknown.
 */
export const believeTurnedAway: HttpInterceptor = (next) => async (request) => {
  const response = await next(request)
  if (response.status !== 503 || request.method === 'GET') return response
  const body = await response.bytes()
  if (!saysTurnedAway(errorCodeOf(body))) return response
  const headers = response.headers.toJSON()
  return HttpResponse.of(request, { status: 503, headers, body, outcome: 'none' })
}
