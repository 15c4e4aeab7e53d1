import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { currentClock, detached } from '@yuzuru/concurrency'
import { buildConnector } from 'undici'
import { type AddressPolicy, isAllowed } from './address-policy.ts'
import { ADDRESS_REFUSED, CONNECT_TIMEOUT } from './transport-failure.ts'

/**
 * How connections are made: in time by our own clock, and only to addresses that are allowed. The
 * address that was checked is the one that is connected to, so a name that changes its mind between
 * the two (DNS rebinding) gains nothing.
 */
export function createConnector(
  policy: AddressPolicy,
  connectMs: number,
): buildConnector.connector {
  const connect = buildConnector({
    // HTTP/1.1 only: what a lost connection says about a request is then certain.
    allowH2: false,
    timeout: 0,
    ...(policy === 'any' ? {} : { lookup: guardedLookup(policy) }),
  })
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !isAllowed(policy, literal, literal)) {
      callback(refused(literal), null)
      return
    }
    // A connection is shared: it belongs to no caller's scope.
    detached(() => {
      let settled = false
      const settle: buildConnector.Callback = (...args) => {
        if (settled) return
        settled = true
        timer?.cancel()
        callback(...args)
      }
      // undici's types leave out that a connector returns its socket.
      const socket = connect(options, settle) as unknown as { destroy(error: Error): void }
      const timer =
        connectMs === Infinity
          ? undefined
          : currentClock().schedule(connectMs, () => {
              socket.destroy(coded(`no connection within ${connectMs} ms`, CONNECT_TIMEOUT))
            })
    })
  }
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
