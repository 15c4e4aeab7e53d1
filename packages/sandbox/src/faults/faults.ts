import { expectOptions } from '@yuzuru/concurrency/boundary'

/** A number for both ways, or one for each. */
export type EachWay = number | { toServer?: number | undefined; toClient?: number | undefined }

/** What goes wrong. All of it is exact: counts and bytes, never random. */
export interface Faults {
  /**
   * Every byte arrives so many milliseconds late. Existing connections too; what is already under way keeps
   * the delay it had.
   */
  latencyMs?: EachWay | undefined
  /** Bytes a second, for each connection and each way. Existing connections too. */
  bytesPerSecond?: number | undefined
  /**
   * New connections are accepted and reset at once; existing ones go on. (A client meets "connection refused" only
   * where nobody listens: after the proxy's `close()`.)
   */
  refuse?: boolean | undefined
  /**
   * New connections are accepted and never answered; on existing ones nothing passes any more, and no connection ends.
   * Held bytes go on when the fault is gone.
   */
  halfOpen?: boolean | undefined
  /**
   * Exactly so many bytes pass that way, then both sides are reset; with 0 the first byte does it. Counted for each
   * connection from the call of `set`, or from its start if that is later.
   */
  resetAfterBytes?: { toServer?: number | undefined; toClient?: number | undefined } | undefined
  /**
   * The request reaches the server, its answer is swallowed, then both sides are reset. Existing connections too,
   * for requests sent after the call of `set`.
   */
  dropReply?: {
    /**
     * Only for a request that contains this text: for `http` the line `POST /v1/customers?expand=…`; for
     * PostgreSQL, which a `tcp` proxy knows by its first message, the SQL of a query, not its parameters (a
     * statement prepared before sends none); for anything else over `tcp` any bytes the client sends. Case
     * matters. A `\0` matches the end of the SQL: `'commit\0'` is no `'commit prepared …'`.
     *
     * @default any request
     */
    when?: string | undefined
    /** How many, 1 or more. @default all */
    times?: number | undefined
  }
  /** Answers in the server's place, which never sees the request. Only for `http`; existing connections too. */
  status?: {
    /** 400–599 */
    code: number
    /** Whole seconds, as `Retry-After`. @default no such header */
    retryAfterSeconds?: number | undefined
    /** @default an empty body */
    body?: string | undefined
    /** Only for a request whose line `POST /v1/customers?expand=…` contains this text. @default any request */
    when?: string | undefined
    /** How many, 1 or more. @default all */
    times?: number | undefined
  }
}

function checkNumber(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
    throw new TypeError(`Expected ${name} to be a whole number from ${least}, got ${value}`)
  }
}

const EACH_WAY = ['toServer', 'toClient']

/** What each fault has; one that has nothing is a plain value. */
const FIELDS: Readonly<Record<keyof Faults, readonly string[]>> = {
  latencyMs: EACH_WAY,
  bytesPerSecond: [],
  refuse: [],
  halfOpen: [],
  resetAfterBytes: EACH_WAY,
  dropReply: ['when', 'times'],
  status: ['code', 'retryAfterSeconds', 'body', 'when', 'times'],
}

function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new TypeError(`Expected ${name} to be true or false, got ${typeof value}`)
}

/** A text that every request contains, or no text at all, is a mistake. */
function checkWhen(when: unknown): void {
  if (when === undefined || (typeof when === 'string' && when !== '')) return
  const got = typeof when === 'string' ? 'an empty one' : typeof when
  throw new TypeError(`Expected when to be a text, got ${got}`)
}

/** The number for one way. */
export const oneWay = (value: EachWay | undefined, way: 'toServer' | 'toClient'): number =>
  (typeof value === 'object' ? value[way] : value) ?? 0

/** @throws {TypeError} on the first wrong value. */
export function checkFaults(faults: Faults, protocol: 'tcp' | 'http'): void {
  if (typeof faults !== 'object' || faults === null) {
    throw new TypeError(`Expected an object of faults, got ${String(faults)}`)
  }
  // A fault that there is not would never happen, and its test pass for nothing.
  expectOptions(faults, Object.keys(FIELDS), 'proxy.set')
  for (const [name, value] of Object.entries(faults)) {
    if (typeof value !== 'object') continue
    expectOptions(value, FIELDS[name as keyof Faults], `proxy.set.${name}`)
  }
  const { resetAfterBytes, dropReply, status } = faults
  for (const name of ['resetAfterBytes', 'dropReply', 'status'] as const) {
    const value: unknown = faults[name]
    if (value !== undefined && (typeof value !== 'object' || value === null)) {
      throw new TypeError(
        `Expected ${name} to be an object, got ${value === null ? 'null' : typeof value}`,
      )
    }
  }
  checkFlag('refuse', faults.refuse)
  checkFlag('halfOpen', faults.halfOpen)
  checkNumber('latencyMs', oneWay(faults.latencyMs, 'toServer'), 0)
  checkNumber('latencyMs', oneWay(faults.latencyMs, 'toClient'), 0)
  checkNumber('bytesPerSecond', faults.bytesPerSecond, 1)
  checkNumber('resetAfterBytes.toServer', resetAfterBytes?.toServer, 0)
  checkNumber('resetAfterBytes.toClient', resetAfterBytes?.toClient, 0)
  checkNumber('dropReply.times', dropReply?.times, 1)
  checkWhen(dropReply?.when)
  checkWhen(status?.when)
  if (!status) return
  if (protocol !== 'http') {
    throw new TypeError(`Expected a proxy with protocol 'http' for status, got one with 'tcp'`)
  }
  checkNumber('status.times', status.times, 1)
  checkNumber('status.retryAfterSeconds', status.retryAfterSeconds, 0)
  if (!(Number.isInteger(status.code) && status.code >= 400 && status.code <= 599)) {
    throw new TypeError(`Expected status.code to be from 400 to 599, got ${status.code}`)
  }
}
