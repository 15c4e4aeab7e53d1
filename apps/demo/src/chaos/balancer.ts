import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A load balancer for the web processes: each new connection goes to the next one that listens. */
export interface Balancer extends AsyncDisposable {
  readonly port: number
  /** How many connections of clients are open. */
  readonly connections: number
  /**
   * Sets where the ports come from, which is asked at each connection; 0 is a process that does not listen.
   */
  balanceOver(ports: () => readonly number[]): void
}

/** @param onSent takes each piece that a client sends */
export async function startBalancer(
  onSent: (bytes: Buffer) => void = () => undefined,
): Promise<Balancer> {
  let ports: () => readonly number[] = () => []
  let turn = 0
  const clients = new Set<Socket>()

  const open = async (port: number): Promise<Socket | undefined> => {
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    try {
      await once(upstream, 'connect')
      return upstream
    } catch {
      return undefined
    }
  }
  const find = async (): Promise<Socket | undefined> => {
    const up = ports().filter((port) => port !== 0)
    turn += 1
    for (const index of up.keys()) {
      const upstream = await open(up[(turn + index) % up.length] ?? 0)
      if (upstream !== undefined) return upstream
    }
    return undefined
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.once('close', () => clients.delete(client))
    void find().then((upstream) => {
      if (upstream === undefined || client.destroyed) {
        upstream?.destroy()
        client.resetAndDestroy()
        return
      }
      // If one side is reset, the other one is too.
      upstream.on('error', () => client.resetAndDestroy())
      upstream.once('close', () => client.destroy())
      client.once('close', () => upstream.destroy())
      client.on('data', onSent)
      client.pipe(upstream)
      upstream.pipe(client)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return clients.size
    },
    balanceOver(next) {
      ports = next
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
