import type { IncomingMessage } from 'node:http'
import { expected, expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectedNow } from './is-thenable.ts'

/** Which clients may set the deadline of their requests, and in which header. */
export interface BudgetOptions {
  /**
   * The header: `'grpc-timeout'` is read as gRPC writes it (`100m`), every other one as whole milliseconds.
   *
   * @default 'x-envoy-expected-rq-timeout-ms'
   */
  readonly header?: string | undefined
  /**
   * Whether this peer is trusted to set a deadline: one of your own services, say, by its address, its
   * certificate or a header that your gateway sets. The header of a client that is not trusted is ignored.
   */
  readonly trust: (request: IncomingMessage) => boolean
}

/** Reads how long a request may take: milliseconds from 0 up, or `undefined` if it does not say. */
export type ReadBudget = (request: IncomingMessage) => number | undefined

/** Milliseconds of each unit of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
}

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Timeout) */
const GRPC = /^(?<value>\d{1,8})(?<unit>[HMSmun])$/

const MILLISECONDS = /^\d{1,15}$/

const HEADER = /^[!#$%&'*+.^`|~\w-]+$/

/**
 * How the budget of a request is read. What makes no sense (a negative number, an unknown unit, two headers)
 * is ignored, as the request would be served without a header.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 */
export function budgetReader(options: BudgetOptions | undefined): ReadBudget {
  if (options === undefined) return () => undefined
  expectOptions(options, ['header', 'trust'], 'budget')
  const { header = 'x-envoy-expected-rq-timeout-ms', trust } = options
  if (typeof header !== 'string' || !HEADER.test(header)) {
    throw expected('budget.header to be the name of a header', header)
  }
  expectFunction('budget.trust', trust)
  const name = header.toLowerCase()
  const parse = name === 'grpc-timeout' ? parseGrpcTimeout : parseMilliseconds
  return (request) => {
    const value = request.headersDistinct[name]
    if (value === undefined || value.length !== 1) return undefined
    const isTrusted: unknown = trust(request)
    // A promise would be taken for yes.
    if (typeof isTrusted !== 'boolean')
      throw expectedNow('budget.trust to return a boolean', isTrusted)
    return isTrusted ? parse(value[0] ?? '') : undefined
  }
}

/** `grpc-timeout` in milliseconds: `1S` is 1,000. */
export function parseGrpcTimeout(text: string): number | undefined {
  const { value, unit } = GRPC.exec(text)?.groups ?? {}
  return unit === undefined ? undefined : Number(value) * (UNITS[unit] ?? Number.NaN)
}

function parseMilliseconds(text: string): number | undefined {
  return MILLISECONDS.test(text) ? Number(text) : undefined
}
