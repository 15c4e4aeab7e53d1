import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { GoogleService } from '../core/service.ts'
import { authenticate, expectScope, notFound } from './access.ts'
import { selectFields } from './fields.ts'
import { CalendarFailure } from './failure.ts'
import type { Method } from './method.ts'
import { readQuery } from './parameters.ts'
import type { Quotas } from './quotas.ts'
import { readFields } from './shape.ts'
import { failureOf, type Troubles } from './troubles.ts'

/** Runs a method: token, scope, query, body, then what it does; failures in Google's shape. */
export async function answerCalendar(
  service: GoogleService,
  request: Request,
  method: Method | undefined,
  path: Readonly<Partial<Record<string, string>>>,
  limits: { readonly troubles: Troubles; readonly quotas: Quotas },
): Promise<Response> {
  try {
    if (!method) throw notFound()
    const grant = authenticate(service, request)
    const { troubles, quotas } = limits
    quotas.take(grant.email, method.name)
    expectScope(grant, method.name)
    const query = readQuery(method.parameters, new URL(request.url).searchParams)
    const trouble = troubles.take(`${request.method} ${new URL(request.url).pathname}`)
    if (trouble !== undefined && trouble !== 'error_after') throw failureOf(trouble)
    const body = method.body ? readFields(method.body, await bodyOf(request)) : {}
    const part = (name: string): string => path[name] ?? ''
    const response = method.run({ service, grant, request, query, body, part })
    if (response.ok) quotas.made(grant.email, method.name)
    if (trouble !== undefined) throw failureOf(trouble)
    const fields = query.text('fields')
    if (fields === undefined || method.reply === undefined || response.status !== 200) {
      return response
    }
    const resource = (await response.json()) as JsonObject
    return Response.json(selectFields(fields, method.reply, resource), {
      headers: { etag: response.headers.get('etag') ?? '' },
    })
  } catch (error) {
    if (error instanceof CalendarFailure) return error.toResponse()
    throw error
  }
}

async function bodyOf(request: Request): Promise<JsonObject> {
  const text = await request.text()
  if (text === '') return {}
  let parsed: Json
  try {
    // A key of this name would become a prototype when it is copied.
    parsed = JSON.parse(text, (key, value: Json) =>
      key === '__proto__' ? undefined : value,
    ) as Json
  } catch {
    throw new CalendarFailure(400, 'parseError', 'Parse Error')
  }
  if (!isJsonObject(parsed)) throw new CalendarFailure(400, 'parseError', 'Parse Error')
  return parsed
}
