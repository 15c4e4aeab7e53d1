import { type HttpInterceptor, HttpResponse } from '@yuzuru/http'
import { saysTurnedAway } from './s3-error.ts'
import { errorCodeOf } from './s3-refusal.ts'

/**
 * Takes a store's own word for a write that it did not begin, such as `SlowDown`. To the transport any 503 of a write
 * may be that of a gateway, behind which the write went on: its repeats would all be in doubt.
 */
export const believeTurnedAway: HttpInterceptor = (next) => async (request) => {
  const response = await next(request)
  if (response.status !== 503 || request.method === 'GET') return response
  const body = await response.bytes()
  if (!saysTurnedAway(errorCodeOf(body))) return response
  // An answer of nobody's request has no effect to answer for.
  return HttpResponse.of(request, { status: 503, headers: response.headers.toJSON(), body })
}
