import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import { Cancelled } from '@yuzuru/concurrency'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { HttpProblem, type HttpProblemInit, isOwnHeader } from '../problems/http-problem.ts'

/**
 * The problem that a framework's own refusal of a request becomes: a body that is too large or malformed, an
 * input that does not fit its schema, a missing password. Any other error is returned as it is. None of the
 * refusal's words leave: a parser's message may quote the body.
 *
 * - hono's `HTTPException`: its status, and the headers of its response, if it has one.
 * - `http-errors` (express, koa), only those that are made to be shown (`expose`): their status and headers.
 * - fastify's errors (`FST_ERR_…`): their status; 422 with `fields` for an input that does not fit its schema.
 */
export function refusalOf(error: unknown): unknown {
  // Body parsers give what a read was cancelled with a status of their own.
  if (HttpProblem.isInstance(error) || Cancelled.isInstance(error)) return error
  return ofHono(error) ?? ofHttpErrors(error) ?? ofFastify(error) ?? error
}

function ofHono(error: unknown): HttpProblem | undefined {
  if (typeof fieldOf(error, 'getResponse') !== 'function') return undefined
  const response = fieldOf(error, 'res')
  const headers = response instanceof Response ? Object.fromEntries(response.headers) : {}
  return refused(error, fieldOf(error, 'status'), 599, { headers })
}

function ofHttpErrors(error: unknown): HttpProblem | undefined {
  if (fieldOf(error, 'expose') !== true) return undefined
  const headers = fieldOf(error, 'headers')
  return refused(error, fieldOf(error, 'status'), 499, {
    code: wordOf(fieldOf(error, 'type')),
    headers: typeof headers === 'object' && headers !== null ? headers : {},
  })
}

function ofFastify(error: unknown): HttpProblem | undefined {
  const fields = fieldsOf(fieldOf(error, 'validation'))
  if (fields !== undefined) return refused(error, 422, 422, { code: 'invalid_request', fields })
  const code = fieldOf(error, 'code')
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_')) return undefined
  return refused(error, fieldOf(error, 'statusCode'), 499, { code: wordOf(code) })
}

function refused(
  cause: unknown,
  status: unknown,
  most: number,
  init: Omit<HttpProblemInit, 'headers'> & { readonly headers?: object },
): HttpProblem | undefined {
  const isStatus = Number.isInteger(status) && (status as number) >= 400
  if (!isStatus || (status as number) > most) return undefined
  const headers = Object.entries(init.headers ?? {}).filter(([name, value]) => {
    // Those of the body that is not sent, and of the connection that it would have been sent on.
    const isOther = name.toLowerCase().startsWith('content-') || isOwnHeader(name)
    return !isOther && canBeSent(name, value)
  })
  const title = STATUS_CODES[status as number] ?? 'Error'
  return new HttpProblem(status as number, title, {
    ...init,
    headers: Object.fromEntries(headers),
    cause,
  })
}

function canBeSent(name: string, value: unknown): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value as string)
    return typeof value === 'string'
  } catch {
    return false
  }
}

/** What does not fit, by its path: the words are the schema's, not the client's. */
function fieldsOf(validation: unknown): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(validation)) return undefined
  return Object.fromEntries(
    validation.map((each: unknown) => {
      const missing = fieldOf(fieldOf(each, 'params'), 'missingProperty')
      const path = `${textOf(fieldOf(each, 'instancePath'))}/${textOf(missing)}`
      const name = path.split('/').filter(Boolean).join('.')
      return [name === '' ? 'body' : name, textOf(fieldOf(each, 'message')) || 'does not fit']
    }),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined
}
