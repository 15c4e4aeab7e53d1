/** A number for both ways, or one for each. */
export type EachWay = number | { toServer?: number; toClient?: number }

/** What shall go wrong. All of it is exact: counts and bytes, no chance. */
export interface Faults {
  /**
   * Every byte arrives so many milliseconds late. Existing connections too; what is already under way keeps
   * the delay it had.
   */
  latencyMs?: EachWay
  /** Bytes a second, for each connection and each way. Existing connections too. */
  bytesPerSecond?: number
  /**
   * New connections are accepted and reset at once; existing ones go on. (A client meets "connection refused" only
   * where nobody listens: after the proxy's `close()`.)
   */
  refuse?: boolean
  /**
   * New connections are accepted and never answered; on existing ones nothing passes any more, and no connection ends.
   * Held bytes go on when the fault is gone.
   */
  halfOpen?: boolean
  /**
   * Exactly so many bytes pass that way, then both sides are reset; with 0 the first byte does it. Counted for each
   * connection from the call of `set`, or from its start if that is later.
   */
  resetAfterBytes?: { toServer?: number; toClient?: number }
  /**
   * The request reaches the server, its answer is swallowed, then both sides are reset. Existing connections too,
   * for requests sent after the call of `set`.
   */
  dropReply?: {
    /**
     * Only for a request that contains this text: any bytes the client sends for `tcp`,
     * the line `POST /v1/customers?expand=…` for `http`. Case matters.
     *
     * @default any request
     */
    when?: string
    /** How many, 1 or more. @default all */
    times?: number
  }
  /** Answers in the server's place, which never sees the request. Only for `http`; existing connections too. */
  status?: {
    /** 400–599 */
    code: number
    /** Whole seconds, as `Retry-After`. @default no such header */
    retryAfterSeconds?: number
    /** @default an empty body */
    body?: string
    /** Only for a request whose line `POST /v1/customers?expand=…` contains this text. @default any request */
    when?: string
    /** How many, 1 or more. @default all */
    times?: number
  }
}

function checkNumber(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
    throw new TypeError(`Expected ${name} to be a whole number from ${least}, got ${value}`)
  }
}

/** The number for one way. */
export const oneWay = (value: EachWay | undefined, way: 'toServer' | 'toClient'): number =>
  (typeof value === 'object' ? value[way] : value) ?? 0

/** @throws TypeError on the first wrong value. */
export function checkFaults(faults: Faults, protocol: 'tcp' | 'http'): void {
  const { resetAfterBytes, dropReply, status } = faults
  checkNumber('latencyMs', oneWay(faults.latencyMs, 'toServer'), 0)
  checkNumber('latencyMs', oneWay(faults.latencyMs, 'toClient'), 0)
  checkNumber('bytesPerSecond', faults.bytesPerSecond, 1)
  checkNumber('resetAfterBytes.toServer', resetAfterBytes?.toServer, 0)
  checkNumber('resetAfterBytes.toClient', resetAfterBytes?.toClient, 0)
  checkNumber('dropReply.times', dropReply?.times, 1)
  if (dropReply?.when === '' || status?.when === '') {
    throw new TypeError('Expected when to be a text, got an empty one')
  }
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
