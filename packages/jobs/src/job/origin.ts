import type { RequestParent } from '@yuzuru/concurrency/boundary'

/** The cron that made a job, and the time that it was made for. */
export interface CronOrigin {
  /** The cron's. */
  readonly name: string
  /** The time of its schedule; the job may have been made, and be run, later. */
  readonly at: Date
}

interface Kept {
  readonly cron?: { readonly name: string; readonly at: string }
  /** The span that enqueued it, as a `traceparent`. */
  readonly trace?: string
}

/** What is kept of where a job comes from, as JSON; `undefined` for nothing. */
export function originOf(
  cron: CronOrigin | undefined,
  trace: string | undefined,
): string | undefined {
  if (cron === undefined && trace === undefined) return undefined
  const kept: Kept = {
    ...(cron === undefined ? {} : { cron: { name: cron.name, at: cron.at.toISOString() } }),
    ...(trace === undefined ? {} : { trace }),
  }
  return JSON.stringify(kept)
}

/** The cron that made a job, out of what is kept with it. */
export function cronOf(origin: string | null): CronOrigin | undefined {
  const { cron } = origin === null ? {} : (JSON.parse(origin) as Kept)
  return cron === undefined ? undefined : { name: cron.name, at: new Date(cron.at) }
}

const TRACEPARENT = /^00-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})$/

/**
 * The span that enqueued a job, out of what is kept with it.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function spanOf(origin: string | null): RequestParent | undefined {
  const { trace = '' } = origin === null ? {} : (JSON.parse(origin) as Kept)
  const groups = TRACEPARENT.exec(trace)?.groups
  if (groups === undefined) return undefined
  const { traceId = '', spanId = '', flags = '' } = groups
  const sampled = (Number.parseInt(flags, 16) & 1) === 1
  return { traceId, spanId, sampled, state: undefined }
}
