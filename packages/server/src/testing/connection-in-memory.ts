import stream, { type Duplex } from 'node:stream'

/** Both ends of a connection that is no socket: what one writes the other reads, with back-pressure. */
export interface ConnectionInMemory {
  readonly client: Duplex
  readonly server: Duplex
}

/**
 * Makes a connection within the process.
 *
 * @param remoteAddress where the server takes its client to be
 */
export function connectionInMemory(remoteAddress: string): ConnectionInMemory {
  const [client, server] = stream.duplexPair()
  const remoteFamily = remoteAddress.includes(':') ? 'IPv6' : 'IPv4'
  Object.assign(server, { remoteAddress, remoteFamily, remotePort: 0, localAddress: '127.0.0.1' })
  // As a socket whose peer is gone: a pair would wait for a reader that no longer reads.
  client.once('close', () => server.destroy())
  server.once('close', () => client.destroy())
  for (const end of [client, server]) end.on('error', () => {})
  return { client, server }
}
