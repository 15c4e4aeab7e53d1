import type { IncomingMessage, ServerResponse } from 'node:http'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { S3Error } from './errors.ts'
import { replyEmpty } from './reply.ts'
import { header } from './request.ts'

/**
 * Which pages of other origins may use the buckets from their scripts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
 */
export interface S3CorsRule {
  /** As `https://app.example`; one `*` in each stands for any text. */
  origins: readonly string[]
  methods: readonly ('GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD')[]
  /** The request headers that are let in; one `*` in each stands for any text. @default none */
  headers?: readonly string[] | undefined
  /** The answer's headers that a script may read, e.g. `ETag`. @default none */
  exposeHeaders?: readonly string[] | undefined
  /** How long a browser may keep the answer to a preflight. @default not said */
  maxAgeSeconds?: number | undefined
}

const CORS_RULE = Object.keys({
  origins: true,
  methods: true,
  headers: true,
  exposeHeaders: true,
  maxAgeSeconds: true,
} satisfies Record<keyof S3CorsRule, true>)

const varies = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

function isMatch(pattern: string, text: string): boolean {
  const [before = '', after] = pattern.split('*')
  if (after === undefined) return pattern === text
  const long = text.length >= before.length + after.length
  return long && text.startsWith(before) && text.endsWith(after)
}

function forbidden(message: string): S3Error {
  return new S3Error('AccessForbidden', `CORSResponse: ${message}`)
}

/** @throws {TypeError} on the first wrong rule. */
export function checkRules(rules: readonly S3CorsRule[]): void {
  for (const rule of rules) expectOptions(rule, CORS_RULE, 'startS3.cors')
  for (const text of rules.flatMap(({ origins, headers = [] }) => [...origins, ...headers])) {
    if (typeof text === 'string' && text !== '' && text.split('*').length <= 2) continue
    throw new TypeError(
      `Expected origins and headers with at most one "*", got ${JSON.stringify(text)}`,
    )
  }
}

/** The buckets' CORS configuration: the first rule that fits a request decides. */
export class Cors {
  readonly #rules: readonly S3CorsRule[]

  constructor(rules: readonly S3CorsRule[]) {
    checkRules(rules)
    this.#rules = rules
  }

  /** Answers `OPTIONS`, which carries no signature. @throws S3Error `AccessForbidden` */
  preflight(message: IncomingMessage, response: ServerResponse): void {
    const origin = header(message, 'origin')
    const method = header(message, 'access-control-request-method')
    if (origin === undefined || method === undefined) {
      const what = origin === undefined ? 'Origin' : 'Access-Control-Request-Method'
      throw new S3Error('BadRequest', `Insufficient information. ${what} request header needed.`)
    }
    if (this.#rules.length === 0) throw forbidden('CORS is not enabled for this bucket.')
    const asked = (header(message, 'access-control-request-headers') ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
    const rule = this.#find(origin, method, asked)
    if (rule === undefined) {
      throw forbidden(
        'This CORS request is not allowed. No rule allows this origin, method and these headers.',
      )
    }
    this.#admit(response, rule, origin)
    if (asked.length > 0) response.setHeader('access-control-allow-headers', asked.join(', '))
    if (rule.maxAgeSeconds !== undefined) {
      response.setHeader('access-control-max-age', rule.maxAgeSeconds)
    }
    replyEmpty(response, 200)
  }

  /** Lets the script that asked read the answer, whatever it will be. */
  answer(message: IncomingMessage, response: ServerResponse): void {
    const origin = header(message, 'origin')
    if (origin === undefined) return
    const rule = this.#find(origin, message.method ?? '', [])
    if (rule !== undefined) this.#admit(response, rule, origin)
  }

  #find(origin: string, method: string, headers: readonly string[]): S3CorsRule | undefined {
    return this.#rules.find((rule) => {
      const allowed = (rule.headers ?? []).map((name) => name.toLowerCase())
      return (
        rule.origins.some((pattern) => isMatch(pattern, origin)) &&
        rule.methods.some((known) => known === method) &&
        headers.every((name) => allowed.some((pattern) => isMatch(pattern, name)))
      )
    })
  }

  #admit(response: ServerResponse, rule: S3CorsRule, origin: string): void {
    const { origins, methods, exposeHeaders = [] } = rule
    const anybody = origins.includes('*')
    response.setHeader('access-control-allow-origin', anybody ? '*' : origin)
    response.setHeader('access-control-allow-methods', methods.join(', '))
    if (!anybody) response.setHeader('access-control-allow-credentials', 'true')
    if (exposeHeaders.length > 0) {
      response.setHeader('access-control-expose-headers', exposeHeaders.join(', '))
    }
    response.setHeader('vary', varies)
  }
}
