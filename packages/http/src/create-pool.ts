import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { WatchedClient } from './connection.ts'
import { createConnector, inTime } from './connector.ts'
import type { Settings } from './settings.ts'

/** Ours cover every phase and fire on time. */
const NO_LIMITS = { headersTimeout: 0, bodyTimeout: 0 }

/** Makes the connections to one origin. */
export function createPool(origin: string, settings: Settings): Dispatcher {
  const { allow, timeouts, tls, proxy } = settings
  const connect = createConnector(allow, timeouts.connectMs, tls)
  if (proxy === undefined) return poolOver(origin, settings, connect)
  const options: EnvHttpProxyAgent.Options = {
    ...proxy,
    ...NO_LIMITS,
    allowH2: false,
    connect,
    requestTls: { ...tls, allowH2: false, timeout: 0 },
    proxyTls: { ...authoritiesOf(tls), allowH2: false, timeout: 0 },
    factory: (target, given) => {
      const through = connectorOf(given)
      return poolOver(
        target,
        settings,
        through === connect ? connect : inTime(through, timeouts.connectMs),
      )
    },
  }
  return new EnvHttpProxyAgent(options)
}

/** The authorities are those of the proxy too; the client's certificate is not for it. */
function authoritiesOf({ ca }: Settings['tls']): { readonly ca?: string } {
  return ca === undefined ? {} : { ca: ca as string }
}

/** How undici's agents tell their factory to open connections. */
function connectorOf(given: object): buildConnector.connector {
  return (given as { readonly connect: buildConnector.connector }).connect
}

/** Makes connections to one origin that `connect` opens. */
function poolOver(
  origin: string | URL,
  { connections }: Settings,
  connect: buildConnector.connector,
): Pool {
  return new Pool(origin, {
    connections,
    connect,
    ...NO_LIMITS,
    factory: (url: URL, options: object) => new WatchedClient(url, options, connect),
  })
}
