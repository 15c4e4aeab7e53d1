import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction, Socket } from 'node:net'
import { currentClock, detached } from '@yuzuru/concurrency'
import { buildConnector } from 'undici'
import { type AddressPolicy, isAllowed } from './address-policy.ts'
import type { Sockets } from './sockets.ts'
import type { TlsSettings } from './tls.ts'

/** The codes of the errors that are made here. */
export const CONNECT_TIMEOUT = 'YUZURU_CONNECT_TIMEOUT'
export const ADDRESS_REFUSED = 'YUZURU_ADDRESS_REFUSED'

/**
 * How connections are made: in time by our own clock, and only to addresses that are allowed. The
 * address that was checked is the one that is connected to, so a name that changes its mind between
 * the two (DNS rebinding) gains nothing.
 */
export function createConnector(
  policy: AddressPolicy,
  connectMs: number,
  tls: TlsSettings,
  sockets: Sockets,
): buildConnector.connector {
  const connect = buildConnector({
    ...tls,
    // HTTP/1.1 only: what a lost connection says about a request is then certain.
    allowH2: false,
    timeout: 0,
    ...(policy === 'any' ? {} : { lookup: guardedLookup(policy) }),
  })
  const timed = inTime(sockets.of(connect), connectMs)
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !isAllowed(policy, literal, literal)) {
      callback(refused(literal), null)
      return
    }
    timed(options, callback)
  }
}

/** Makes of a connector one that gives up by our own clock. */
function inTime(connect: buildConnector.connector, connectMs: number): buildConnector.connector {
  return (options, callback) => {
    // A connection is shared: it belongs to no caller's scope.
    detached(() => {
      let settled = false
      const settle: buildConnector.Callback = (...args) => {
        if (settled) {
          args[1]?.destroy()
          return
        }
        settled = true
        timer?.cancel()
        callback(...args)
      }
      // undici's types leave out that a connector of its own returns its socket.
      const socket: unknown = connect(options, settle)
      const timer =
        connectMs === Infinity
          ? undefined
          : currentClock().schedule(connectMs, () => {
              const late = coded(`no connection within ${connectMs} ms`, CONNECT_TIMEOUT)
              if (isSocket(socket)) socket.destroy(late)
              else settle(late, null)
            })
    })
  }
}

/** The same of a connector through a proxy, which has no socket yet: it ends its CONNECT by a signal. */
export function tunnelInTime(
  connect: buildConnector.connector,
  connectMs: number,
): buildConnector.connector {
  return (options, callback) => {
    const giveUp = new AbortController()
    // undici's types leave out the signal as well.
    const given: buildConnector.Options & { signal: AbortSignal } = {
      ...options,
      signal: giveUp.signal,
    }
    const timed = inTime((_, settle) => connect(given, settle), connectMs)
    timed(options, (...args) => {
      callback(...args)
      if (args[0] !== null) giveUp.abort(args[0])
    })
  }
}

function isSocket(value: unknown): value is Socket {
  return value instanceof Socket
}

function guardedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const allowed = addresses.filter(({ address }) => isAllowed(policy, address, hostname))
      const first = allowed[0]
      if (first === undefined) callback(refused(hostname), '')
      else if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function refused(host: string): NodeJS.ErrnoException {
  return coded(`"${host}" has no address that is allowed`, ADDRESS_REFUSED)
}

function coded(message: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}
