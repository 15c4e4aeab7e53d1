import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { WatchedClient } from './connection.ts'
import { createConnector, tunnelInTime } from './connector.ts'
import type { AddressPolicy } from './address-policy.ts'
import type { ProxySettings } from './proxy.ts'
import type { Sockets } from './sockets.ts'
import type { TlsSettings } from './tls.ts'

/** Ours cover every phase and fire on time. */
const NO_LIMITS = { headersTimeout: 0, bodyTimeout: 0 }

/** How connections are made. */
export interface PoolSettings {
  readonly connections: number
  readonly allow: AddressPolicy
  readonly timeouts: { readonly connectMs: number }
  readonly proxy: ProxySettings | undefined
  readonly tls: TlsSettings
}

/** Makes the connections to one origin; `sockets` knows them all. */
export function createPool(origin: string, settings: PoolSettings, sockets: Sockets): Dispatcher {
  const { allow, timeouts, tls, proxy } = settings
  const connect = createConnector(allow, timeouts.connectMs, tls, sockets)
  if (proxy === undefined) return poolOver(origin, settings, connect)
  const timeout = backstopMs(timeouts.connectMs)
  const options: EnvHttpProxyAgent.Options = {
    ...proxy,
    ...NO_LIMITS,
    allowH2: false,
    connect,
    requestTls: { ...tls, allowH2: false, timeout },
    // Those to the proxy itself.
    clientFactory: (url, given) =>
      new Pool(url, { ...given, connect: sockets.of(connectorOf(given)) }),
    proxyTls: { ...authoritiesOf(tls), allowH2: false, timeout },
    factory: (target, given) => {
      const through = connectorOf(given)
      return poolOver(
        target,
        settings,
        through === connect ? connect : tunnelInTime(sockets.of(through), timeouts.connectMs),
      )
    },
  }
  return new EnvHttpProxyAgent(options)
}

/**
 * When undici itself ends a connection to the proxy, or TLS within the tunnel. By then the call has been given up by
 * our clock, which reaches neither: it would stay open for ever. 0: never.
 */
function backstopMs(connectMs: number): number {
  return connectMs === Infinity ? 0 : connectMs + 500
}

/** The authorities are those of the proxy too; the client's certificate is not for it. */
function authoritiesOf({ ca }: TlsSettings): { readonly ca?: string } {
  return ca === undefined ? {} : { ca: ca as string }
}

/** The connector that undici's agents give to their factory. */
function connectorOf(given: object): buildConnector.connector {
  return (given as { readonly connect: buildConnector.connector }).connect
}

/** Makes connections to one origin that `connect` opens. */
function poolOver(
  origin: string | URL,
  { connections }: PoolSettings,
  connect: buildConnector.connector,
): Pool {
  return new Pool(origin, {
    connections,
    connect,
    ...NO_LIMITS,
    factory: (url: URL, options: object) => new WatchedClient(url, options, connect),
  })
}
