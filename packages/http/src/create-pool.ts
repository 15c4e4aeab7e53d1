import { type buildConnector, type Client, Pool } from 'undici'
import { WatchedClient } from './connection.ts'
import { createConnector } from './connector.ts'
import type { Settings } from './settings.ts'

/** Makes the connections to one origin. */
export function createPool(origin: string, settings: Settings): Pool {
  return poolOver(origin, settings, createConnector(settings.allow, settings.timeouts.connectMs))
}

/** Makes connections to one origin that `connect` opens. */
function poolOver(
  origin: string,
  { connections }: Settings,
  connect: buildConnector.connector,
): Pool {
  return new Pool(origin, {
    connections,
    connect,
    // Ours cover every phase and fire on time.
    headersTimeout: 0,
    bodyTimeout: 0,
    factory: (url: URL, options: object) =>
      new WatchedClient(url, options, connect),
  })
}
